"""Playbooks as data; the five changes of a company, one file each as far as they stand."""
