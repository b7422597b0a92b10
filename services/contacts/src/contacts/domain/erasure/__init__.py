"""An erasure: what was asked, which services have done it, and the certificate."""
