"""What must not be lost or changed unseen."""
