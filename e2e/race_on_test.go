//go:build race

package e2e

import "os"

// raceFlags build the binary under test with the race detector where it is asked for, as `make soak` does: a desk of
// such processes takes twice the time, and `make test` looks at every package with the detector anyway.
var raceFlags = detector()

func detector() []string {
	if os.Getenv("DURADESK_RACE") == "" {
		return nil
	}
	return []string{"-race"}
}
