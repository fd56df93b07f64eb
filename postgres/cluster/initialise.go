package cluster

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"duradesk/postgres/cluster/tether"
)

// record is written as the last act of making a cluster: a directory without it is half made. It also remembers
// where the data lie.
type record struct {
	Major int    `json:"major"`
	Data  string `json:"data"`
}

func recordFile(dir string) string { return filepath.Join(dir, "cluster.json") }

// readRecord gives nil for a cluster that was never made to the end.
func readRecord(dir string) (*record, error) {
	raw, err := os.ReadFile(recordFile(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the cluster's record: %w", err)
	}
	var r record
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, fmt.Errorf("read the cluster's record %s: %w", recordFile(dir), err)
	}
	return &r, nil
}

func (c *Cluster) writeRecord() error {
	raw, err := json.Marshal(record{Major: c.binaries.Major, Data: c.data})
	if err != nil {
		return fmt.Errorf("write the cluster's record: %w", err)
	}
	return replaceFile(recordFile(c.options.Dir), append(raw, '\n'), 0o644)
}

// initialise makes the data directory unless it is there.
func (c *Cluster) initialise(ctx context.Context, made *record) error {
	passwordFile := filepath.Join(c.options.Dir, "password")
	if made != nil {
		kept, err := os.ReadFile(passwordFile)
		if err != nil {
			return fmt.Errorf("read the password of the private Postgres: %w", err)
		}
		c.password = strings.TrimSpace(string(kept))
		return nil
	}
	c.password = rand.Text()
	if err := replaceFile(passwordFile, []byte(c.password+"\n"), 0o600); err != nil {
		return err
	}
	if err := clearLeftovers(ctx, c.data); err != nil { // of an initdb that was killed
		return err
	}
	if err := emptyDirectory(c.data); err != nil {
		return fmt.Errorf("clear a half-made data directory: %w", err)
	}
	if err := c.initdb(ctx); err != nil {
		return err
	}
	return c.writeRecord()
}

func (c *Cluster) initdb(ctx context.Context) error {
	// initdb reads the password as the user it runs as, so the file is lent to that user for the while.
	lent := lentPassword(c.data)
	if err := os.WriteFile(lent, []byte(c.password+"\n"), 0o600); err != nil {
		return fmt.Errorf("lend the password to initdb: %w", err)
	}
	defer func() { _ = os.Remove(lent) }()
	if err := c.as.own(lent); err != nil {
		return err
	}

	args := []string{
		"-D", c.data, "-U", Superuser, "--encoding=UTF8", "--locale=" + locale(), "--data-checksums",
		"--auth=scram-sha-256", "--pwfile=" + lent,
	}
	if !c.options.Durable {
		args = append(args, "--no-sync")
	}
	cmd := exec.Command(c.binaries.path("initdb"), args...)
	cmd.Dir = c.data
	cmd.Stdout, cmd.Stderr = c.log, c.log
	cmd.WaitDelay = 2 * time.Second
	c.as.apply(cmd)
	p, err := tether.Start(cmd, syscall.SIGKILL)
	if err != nil {
		return fmt.Errorf("make the Postgres data directory: %w", err)
	}
	select {
	case <-p.Done():
	case <-ctx.Done():
		p.Signal(syscall.SIGKILL)
		<-p.Done()
		return fmt.Errorf("make the Postgres data directory: %w", ctx.Err())
	}
	if p.Err() != nil {
		return fmt.Errorf("make the Postgres data directory: initdb: %w; it said:\n%s", p.Err(), c.log)
	}
	return nil
}

func lentPassword(data string) string { return data + ".pw" }

// locale is one in which every Postgres sorts alike, with UTF-8 character classes where the system has it.
func locale() string {
	out, err := exec.Command("locale", "-a").Output()
	if err != nil {
		return "C"
	}
	for _, name := range strings.Fields(string(out)) {
		if strings.EqualFold(name, "C.UTF-8") || strings.EqualFold(name, "C.utf8") {
			return name
		}
	}
	return "C"
}

// Remove deletes a cluster's directory and, where its data lie elsewhere, those too. The cluster must not run.
func Remove(dir string) error {
	dir, err := realPath(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("remove the private Postgres: %w", err)
	}
	// The record goes first: without it what is left is half made.
	for _, place := range []string{recordFile(dir), elsewhere(dir), lentPassword(elsewhere(dir)), dir} {
		if err := os.RemoveAll(place); err != nil {
			return fmt.Errorf("remove the private Postgres: %w", err)
		}
	}
	return nil
}

// emptyDirectory removes what lies in a directory but not itself: its owner and its place stay.
func emptyDirectory(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

// replaceFile writes a file so that it is there whole or not at all.
func replaceFile(name string, content []byte, mode os.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(content)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
