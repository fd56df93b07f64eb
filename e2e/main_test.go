package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// workshop holds the binary under test for as long as the tests run.
var workshop string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	var err error
	if workshop, err = os.MkdirTemp("", "duradesk-e2e-"); err != nil {
		fmt.Fprintln(os.Stderr, "make a directory for the binary under test:", err)
		return 1
	}
	defer func() { _ = os.RemoveAll(workshop) }()
	return m.Run()
}

// binary builds the program once, as the first test asks for it.
var binary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(workshop, "duradesk")
	build := exec.Command("go", append(append([]string{"build"}, raceFlags...), "-o", path, "duradesk/cmd/duradesk")...)
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the binary under test: %w\n%s", err, out)
	}
	return path, nil
})
