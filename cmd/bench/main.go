package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

// options are the command line.
type options struct {
	Only   []string      `help:"Measure only these lines, by the beginning of their names (repeatable)." placeholder:"NAME"`
	Rounds int           `default:"3" help:"How many pairs of product and bare limit each line gets."`
	Part   float64       `default:"1" help:"Share of the full size of each line, for a quick look; targets are for 1."`
	Write  string        `help:"Write the report to this file, and a plot for each line into the folder of its name beside it." placeholder:"FILE"`
	Binary string        `help:"Measure this duradesk instead of one built from the sources here." placeholder:"FILE"`
	Crowd  int           `default:"100000" help:"How many tickets the lists and searches are measured over."`
	Day    bool          `help:"Instead of lines, play a business day of 200 agents, 5,000 tickets and 12,000 mails in ten minutes."`
	Speed  int           `default:"144" help:"How many times as fast as it was the day is played."`
	Steady time.Duration `help:"Instead of lines, load the desk evenly for so long (10m) and judge whether it stays as it was." placeholder:"TIME"`
	Keep   bool          `help:"Keep the directory of the desk that was measured, and say where it is."`
}

func main() {
	var o options
	kong.Parse(&o, kong.Name("bench"), kong.Description("Measure the desk beside the bare limits of this machine."))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures line after line; what was measured is told even if a later line fails.
func run(ctx context.Context, o options, out, progress io.Writer) (err error) {
	if err := (&bench{options: o}).known(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "duradesk-bench-")
	if err != nil {
		return fmt.Errorf("make a directory for the desk: %w", err)
	}
	if o.Keep {
		fmt.Fprintln(progress, "the desk is kept in", dir)
	} else {
		defer func() { _ = os.RemoveAll(dir) }()
	}
	if o.Binary == "" {
		o.Binary = filepath.Join(dir, "duradesk")
		if err := build(ctx, o.Binary); err != nil {
			return err
		}
	}
	b := &bench{options: o, dir: dir, progress: progress, began: time.Now()}
	defer b.close()
	if o.Day {
		return b.day(ctx, out)
	}
	if o.Steady > 0 {
		return b.steadily(ctx, out)
	}
	rows, err := b.measure(ctx)
	if len(rows) == 0 {
		return err
	}
	printTable(out, rows)
	if o.Write != "" {
		err = errors.Join(err, writeReport(o, rows))
	}
	return err
}
