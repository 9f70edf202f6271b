package pki

import "time"

// ValidFrom is when a certificate that is made at a moment begins to be valid, for hosts whose clocks are behind.
func ValidFrom(made time.Time) time.Time { return made.Add(-headStart) }
