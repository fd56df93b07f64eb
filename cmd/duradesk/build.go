package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"sync"

	"duradesk/cmd/duradesk/doctor"
)

// build names this program: its version where it was built from a tagged or known state, else a hash of the program
// itself. Workers tell it to Temporal, so that an operator sees which builds are at work.
var build = sync.OnceValue(func() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		if v := info.Main.Version; v != "" && v != "(devel)" && !strings.Contains(v, "+dirty") {
			return v
		}
	}
	path, err := os.Executable()
	if err != nil {
		return "unknown"
	}
	file, err := os.Open(path)
	if err != nil {
		return "unknown"
	}
	defer func() { _ = file.Close() }()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "unknown"
	}
	return "devel-" + hex.EncodeToString(sum.Sum(nil))[:12]
})

// workerName is how this process names itself to Temporal.
func workerName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	return doctor.Identity(build(), fmt.Sprintf("%d@%s", os.Getpid(), host))
}
