package main

import (
	"context"
	"os"
	"strings"
	"time"
)

// waitForParent returns true when `go run` started this program and has ended since: killed, it takes nobody with
// it, and an up that nobody sees would hold its ports. Without `go run` it returns false when ctx ends.
func waitForParent(ctx context.Context) bool {
	parent := os.Getppid()
	if !startedByGoRun(parent) {
		<-ctx.Done()
		return false
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
			if os.Getppid() != parent {
				return true
			}
		}
	}
}

// startedByGoRun is told from the binary: `go run` builds it in a directory for the while, or in the build cache.
func startedByGoRun(parent int) bool {
	binary, err := os.Executable()
	return err == nil && parent > 1 && strings.Contains(binary, "go-build")
}
