package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"duradesk/postgres/cluster"
	"duradesk/postgres/cluster/tether"
	"duradesk/postgres/crowd"
)

// crowded is a desk with many tickets: a database of its own that is filled once and kept, and an API before it.
type crowded struct {
	desk
	tickets int
	cluster *cluster.Cluster
	conn    *pgx.Conn // of the bare limit
}

// crowdOf says how big the crowd of so many tickets is.
func crowdOf(tickets int) crowd.Options {
	messages := 6
	if tickets > 300_000 {
		messages = 1 // what a list costs hangs on the tickets; a longer talk would only take longer to make
	}
	return crowd.Options{Tickets: tickets, Messages: messages}
}

// gather starts a desk with so many tickets.
func (b *bench) gather(ctx context.Context, tickets int) (*crowded, error) {
	c := &crowded{tickets: tickets}
	c.desk = desk{binary: b.Binary, dir: b.dir, web: b.desk.web, settings: maps.Clone(b.desk.settings)}
	if err := c.fill(ctx, b); err != nil {
		c.close(ctx)
		return nil, err
	}
	if err := c.open(ctx); err != nil {
		c.close(ctx)
		return nil, err
	}
	return c, nil
}

// fill finds the database in the user's cache, by the generator's hash, or makes it there.
func (c *crowded) fill(ctx context.Context, b *bench) error {
	o := crowdOf(c.tickets)
	hash, err := o.Hash()
	if err != nil {
		return fmt.Errorf("name the crowd: %w", err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return fmt.Errorf("find the place to keep a crowd: %w", err)
	}
	kind := filepath.Join(cache, "duradesk", "crowd-"+strconv.Itoa(c.tickets)+"-")
	dir, mark := kind+hash, filepath.Join(kind+hash, "filled")
	if _, err := os.Stat(mark); err != nil {
		if err := forget(kind, dir); err != nil {
			return err
		}
	}
	if c.cluster, err = cluster.Start(ctx, cluster.Options{Dir: dir, Notices: b.progress}); err != nil {
		return fmt.Errorf("start the crowd's database: %w", err)
	}
	c.settings["DURADESK_DATABASE_URL"] = c.cluster.DSN()
	if err := c.subcommand(ctx, "migrate"); err != nil {
		return err
	}
	if err := c.subcommand(ctx, "bootstrap"); err != nil {
		return err
	}
	if _, err := os.Stat(mark); err == nil {
		if err := c.tidy(ctx); err != nil {
			return err
		}
		return warm(dir)
	}
	b.say("making a crowd of %d tickets in %s, once", c.tickets, dir)
	before := ""
	o.Progress = func(what string, done, of int) {
		if tenth := fmt.Sprintf("%s, %d %%", what, done*10/max(1, of)*10); tenth != before {
			before = tenth
			b.say("  %s", tenth)
		}
	}
	if err := crowd.Fill(ctx, c.cluster.DSN(), o); err != nil {
		return fmt.Errorf("fill the crowd's database: %w", err)
	}
	if err := os.WriteFile(mark, []byte(time.Now().UTC().Format(time.RFC3339)+"\n"), 0o600); err != nil {
		return fmt.Errorf("note that the crowd is made: %w", err)
	}
	return nil
}

// tidy does what autovacuum has done on a desk of years: a migration may have changed the tables of a crowd that was kept.
func (c *crowded) tidy(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, c.cluster.DSN())
	if err != nil {
		return fmt.Errorf("connect to the crowd's database: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // nothing is open in it
	if _, err := conn.Exec(ctx, "vacuum (analyze) tickets, clients"); err != nil {
		return fmt.Errorf("tidy the crowd's database: %w", err)
	}
	return nil
}

// warm reads the database once from end to end: what is measured is a desk that has been asked before, not how fast a disk
// finds what nobody has read since the machine started.
func warm(dir string) error {
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			err = readThrough(path)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil // the server has taken it away meanwhile
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("read the crowd's database: %w", err)
	}
	return nil
}

func readThrough(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	_, err = io.Copy(io.Discard, file)
	return err
}

// forget removes crowds of this size that an older generator made, and one that was never finished.
func forget(kind, dir string) error {
	old, err := filepath.Glob(kind + "*")
	if err != nil {
		return fmt.Errorf("look for older crowds: %w", err)
	}
	for _, place := range append(old, dir) {
		if err := cluster.Remove(place); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove an older crowd: %w", err)
		}
	}
	return nil
}

// subcommand runs the program under measure with the crowd's settings.
func (c *crowded) subcommand(ctx context.Context, name string) error {
	cmd := exec.CommandContext(ctx, c.binary, name)
	cmd.Env = environment(c.settings)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s the crowd's database: %w\n%s", name, err, out)
	}
	return nil
}

// open starts the API before the crowd and the bare limit's connection.
func (c *crowded) open(ctx context.Context) error {
	ports, err := freePorts(1)
	if err != nil {
		return err
	}
	c.settings["DURADESK_HTTP_ADDR"] = ports[0]
	cmd := exec.Command(c.binary, "api")
	cmd.Env = environment(c.settings)
	if c.serve, err = tether.Start(cmd, syscall.SIGKILL); err != nil {
		return fmt.Errorf("start the crowd's API: %w", err)
	}
	if err := c.ready(ctx, ports[0]); err != nil {
		return err
	}
	if c.conn, err = pgx.Connect(ctx, c.cluster.DSN()); err != nil {
		return fmt.Errorf("connect to the crowd's database: %w", err)
	}
	return nil
}

func (c *crowded) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	if c.conn != nil {
		_ = c.conn.Close(ctx) // its server goes away with it
	}
	if c.serve != nil {
		c.stopServe()
	}
	if c.cluster != nil {
		_ = c.cluster.Stop(ctx) // what is kept was committed
	}
}
