package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"duradesk/postgres/cluster"
)

// stateMarker is the file that makes a directory ours. It is written first.
const stateMarker = "duradesk.state"

const stateText = "State of `duradesk up`. Remove this directory to forget everything, or start with --fresh.\n"

// stateNames are what up keeps in its directory, beside marker and lock; --fresh removes nothing else.
var stateNames = []string{"postgres", "temporal", "mail", "log", "run", "bin", "secrets", "env"}

// claimState makes the state directory or recognises it. A directory with other content is refused: it is somebody's.
func claimState(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the state directory: %w; choose another --dir", err)
	}
	marker := filepath.Join(dir, stateMarker)
	if _, err := os.Stat(marker); errors.Is(err, fs.ErrNotExist) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return fmt.Errorf("look into the state directory: %w; choose another --dir", err)
		}
		if len(entries) > 0 {
			return fmt.Errorf("%s is not empty and not a state directory of `duradesk up` (it holds %s); choose another --dir",
				dir, entries[0].Name())
		}
	}
	if err := os.WriteFile(marker, []byte(stateText), 0o644); err != nil {
		return fmt.Errorf("write into the state directory: %w; choose another --dir", err)
	}
	return nil
}

// removing is there while state is being removed.
func removing(dir string) string { return filepath.Join(dir, "removing") }

// startRemoval decides that all state goes; finishRemoval does it, in the next run if this one is cut short: half of
// the state is worse than none. The caller holds the lock.
func startRemoval(dir string) error {
	if err := os.WriteFile(removing(dir), nil, 0o644); err != nil {
		return fmt.Errorf("remove the old state: %w", err)
	}
	return nil
}

// finishRemoval removes all state but marker and lock, if startRemoval was called.
func finishRemoval(dir string) error {
	if _, err := os.Stat(removing(dir)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := cluster.Remove(filepath.Join(dir, "postgres")); err != nil {
		return err
	}
	for _, name := range append(slices.Clone(stateNames), filepath.Base(removing(dir))) {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("remove the old state: %w", err)
		}
	}
	return nil
}

// keepBinary copies the running binary into the state directory, so that children can be started again whatever
// becomes of it: that of `go run` goes away with `go run`.
func keepBinary(dir string) (string, error) {
	running, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find the running binary: %w", err)
	}
	source, err := os.Open(running)
	if err != nil {
		return "", fmt.Errorf("read the running binary: %w", err)
	}
	defer func() { _ = source.Close() }()
	hash := sha256.New()
	if _, err := io.Copy(hash, source); err != nil {
		return "", fmt.Errorf("read the running binary: %w", err)
	}
	kept := filepath.Join(dir, "bin", "duradesk-"+hex.EncodeToString(hash.Sum(nil)[:6]))
	if _, err := os.Stat(kept); err == nil {
		return kept, nil
	}
	if err := os.RemoveAll(filepath.Dir(kept)); err != nil { // older ones; nothing runs from them under our lock
		return "", fmt.Errorf("keep the running binary: %w", err)
	}
	if _, err := source.Seek(0, io.SeekStart); err != nil {
		return "", fmt.Errorf("read the running binary: %w", err)
	}
	return kept, copyExecutable(source, kept)
}

func copyExecutable(source io.Reader, target string) error {
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return fmt.Errorf("keep the running binary: %w", err)
	}
	half := target + ".half"
	f, err := os.OpenFile(half, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		return fmt.Errorf("keep the running binary: %w", err)
	}
	_, err = io.Copy(f, source)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("keep the running binary: %w", err)
	}
	if err := os.Rename(half, target); err != nil {
		return fmt.Errorf("keep the running binary: %w", err)
	}
	return nil
}
