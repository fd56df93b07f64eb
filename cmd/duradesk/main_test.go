package main

import (
	"os"
	"path/filepath"
	"testing"

	"duradesk/dispatch/temporaltest"
	"duradesk/postgres/cluster/pgtest"
)

// TestMain plays the program itself when a test asks for it: this binary started again, and by up once more.
func TestMain(m *testing.M) {
	if os.Getenv("DURADESK_TEST_MAIN") != "" {
		main()
	}
	code := runTests(m)
	temporaltest.Stop()
	pgtest.Stop()
	os.Exit(code)
}

// fakeTemporal answers the one question that up asks of a Temporal binary before anything starts. Like goRunBinary it is
// written before the tests fork, since a file that a fork still has open for writing cannot be run.
var fakeTemporal string

// goRunBinary is this program in a place such as `go run` builds it in.
var goRunBinary string

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "duradesk-main-")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	fakeTemporal = filepath.Join(dir, "temporal")
	script := "#!/bin/sh\necho 'temporal version 1.9.9 (Server 1.32.1, UI 2.54.1)'\n"
	if err := os.WriteFile(fakeTemporal, []byte(script), 0o755); err != nil {
		panic(err)
	}
	goRunBinary = filepath.Join(dir, "go-build1", "duradesk")
	if err := copyTestBinary(goRunBinary); err != nil {
		panic(err)
	}
	return m.Run()
}

func copyTestBinary(target string) error {
	source, err := os.Open(os.Args[0])
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }()
	return copyExecutable(source, target)
}
