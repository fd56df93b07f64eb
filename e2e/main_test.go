package e2e

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"duradesk/dispatch/temporaltest"
	"duradesk/postgres/cluster/pgtest"
)

// workshop holds the binary under test for as long as the tests run.
var workshop string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	flag.Parse()
	// As many tests at a time as desks, though there may be fewer processors: for most of a test, it waits for a death to be
	// noticed, or a timer.
	if err := flag.Set("test.parallel", strconv.Itoa(cap(atOnce))); err != nil {
		panic(err)
	}
	var err error
	if workshop, err = os.MkdirTemp("", "duradesk-e2e-"); err != nil {
		fmt.Fprintln(os.Stderr, "make a directory for the binary under test:", err)
		return 1
	}
	defer func() { _ = os.RemoveAll(workshop) }()
	defer pgtest.Stop()
	defer temporaltest.Stop()
	return m.Run()
}

// binary builds the program once, as the first test asks for it; `make test` has built it for all packages.
var binary = sync.OnceValues(func() (string, error) {
	if given := os.Getenv("DURADESK_E2E_BINARY"); given != "" { // one with a defect that is to be found
		return given, nil
	}
	if err := lookAtSources(); err != nil {
		return "", err
	}
	if built := os.Getenv("DURADESK_TEST_PROGRAM"); built != "" && len(raceFlags) == 0 {
		return built, nil
	}
	path := filepath.Join(workshop, "duradesk")
	build := exec.Command("go", append(append([]string{"build", "-ldflags=-s -w"}, raceFlags...), "-o", path, "duradesk/cmd/duradesk")...)
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the binary under test: %w\n%s", err, out)
	}
	return path, nil
})

// lookAtSources reads the directories of all sources. The go command repeats these tests when something changed that
// they looked at themselves, and it does not see what the compiler looks at for them.
func lookAtSources() error {
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "tmp") {
			return fs.SkipDir
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("look at the sources: %w", err)
	}
	return nil
}
