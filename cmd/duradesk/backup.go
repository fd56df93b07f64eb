package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"duradesk/postgres"
)

// backupCommand writes the record to a file. Temporal's store needs no backup to lose nothing: every open ticket starts
// again from its row (`duradesk rebuild`); what is lost with it are histories, for people to read.
type backupCommand struct {
	settings
	File string `arg:"" help:"File to write, in the custom format of pg_dump. It must not exist." type:"path"`
}

// Run writes beside the file and renames at the end: a backup that is there is whole.
func (c *backupCommand) Run(ctx context.Context) error {
	if _, err := os.Lstat(c.File); err == nil {
		return fmt.Errorf("%s exists: give a new name, so that no backup is lost", c.File)
	}
	partial := c.File + ".partial"
	start := time.Now()
	err := postgresTool(ctx, c.DatabaseURL, "pg_dump", "--format=custom", "--no-owner", "--file="+partial)
	if err != nil {
		return errors.Join(err, os.RemoveAll(partial))
	}
	if err := os.Rename(partial, c.File); err != nil {
		return fmt.Errorf("name the backup: %w", err)
	}
	info, err := os.Stat(c.File)
	if err != nil {
		return fmt.Errorf("look at the backup: %w", err)
	}
	fmt.Fprintf(os.Stdout, "%s: %.1f MB in %v. Keep DURADESK_SECRET_KEY with it, elsewhere: without the key no mailbox can be opened.\n",
		c.File, float64(info.Size())/1e6, time.Since(start).Round(time.Millisecond))
	return nil
}

// restoreCommand fills an empty database from a backup.
type restoreCommand struct {
	settings
	File string `arg:"" help:"A file that backup has written." type:"existingfile"`
}

// Run restores in one transaction: afterwards everything is there, or nothing.
func (c *restoreCommand) Run(ctx context.Context) error {
	empty, err := postgres.Empty(ctx, c.DatabaseURL)
	if err != nil {
		return err
	}
	if !empty {
		return errors.New("DURADESK_DATABASE_URL: this database has tables already: restore into a new one (createdb), so that nothing is overwritten")
	}
	if err := postgresTool(ctx, c.DatabaseURL, "pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", c.File); err != nil {
		return err
	}
	if err := postgres.Migrate(ctx, c.DatabaseURL); err != nil {
		return err
	}
	fmt.Fprintln(os.Stdout, "restored. Before any worker starts: `duradesk recover` (see docs/operators.md)")
	return nil
}

// postgresTool runs a client program of Postgres on a database. The password goes by the environment, which other users
// of the machine cannot read.
func postgresTool(ctx context.Context, database, tool string, args ...string) error {
	path, err := findPostgresTool(tool)
	if err != nil {
		return err
	}
	at, err := url.Parse(database)
	if err != nil {
		return errors.New("DURADESK_DATABASE_URL is not of the form postgres://user:password@host:5432/database")
	}
	env := os.Environ()
	if password, given := at.User.Password(); given {
		env = append(env, "PGPASSWORD="+password)
		at.User = url.User(at.User.Username())
	}
	cmd := exec.CommandContext(ctx, path, append([]string{"--dbname=" + at.String(), "--no-password"}, args...)...)
	cmd.Env = env
	words := &strings.Builder{}
	cmd.Stdout, cmd.Stderr = io.Discard, words
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", tool, err, strings.TrimSpace(words.String()))
	}
	return nil
}

// findPostgresTool takes the one on PATH, else Debian's newest.
func findPostgresTool(tool string) (string, error) {
	if path, err := exec.LookPath(tool); err == nil {
		return path, nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + tool)
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("%s is not installed: install the client programs of Postgres (Debian: apt-get install postgresql-client), at least of the server's version", tool)
	}
	slices.Sort(found)
	return found[len(found)-1], nil
}
