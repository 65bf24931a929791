"""One room per duty that the law lays on whoever holds customers' information."""
