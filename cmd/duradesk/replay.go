package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"go.temporal.io/sdk/client"

	"duradesk/worker"
)

// replayCommand asks, before a build is deployed, whether the open workflows would go on under it.
type replayCommand struct {
	Histories string `help:"Replay the exported histories (*.json) of this folder, and ask no server." placeholder:"DIR" type:"existingdir"`
	PerState  int    `default:"25" help:"How many open workflows of each type and ticket state are replayed, the oldest and the newest; 0: all."`
}

// Run replays and fails if one does not fit.
func (c *replayCommand) Run(ctx context.Context) error {
	if c.Histories != "" {
		return c.files(os.Stdout)
	}
	log := settings{}.logger("replay")
	options, err := temporalOptions(log)
	if err != nil {
		return err
	}
	temporal, err := dial(ctx, options)
	if err != nil {
		return err
	}
	defer temporal.Close()
	return rehearse(ctx, temporal, options.Namespace, c.PerState, os.Stdout)
}

func (c *replayCommand) files(out io.Writer) error {
	rehearsal, err := worker.NewRehearsal()
	if err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(c.Histories, "*.json"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("there are no histories (*.json) in %s: export one with `temporal workflow show --output json`", c.Histories)
	}
	unfit := 0
	for _, file := range files {
		if err := rehearsal.File(file); err != nil {
			unfit++
			fmt.Fprintf(out, "%s does not replay: %s\n", filepath.Base(file), oneLine(err))
		}
	}
	return verdict(out, unfit, len(files))
}

// rehearse replays what is open.
func rehearse(ctx context.Context, temporal client.Client, namespace string, perState int, out io.Writer) error {
	rehearsal, err := worker.NewRehearsal()
	if err != nil {
		return err
	}
	tell := nowAndThen(out)
	unfit, done, err := rehearsal.Open(ctx, temporal, namespace, perState, func(done, of int) { tell("%d of %d replayed\n", done, of) })
	if err != nil {
		return fmt.Errorf("replay the open workflows: %w", err)
	}
	for _, u := range unfit {
		fmt.Fprintf(out, "%s (run %s) does not replay: %s\n", u.Workflow, u.Run, oneLine(u.Why))
	}
	return verdict(out, len(unfit), done)
}

// nowAndThen prints how far something is, every two seconds at most.
func nowAndThen(out io.Writer) func(format string, args ...any) {
	told := time.Now()
	return func(format string, args ...any) {
		if time.Since(told) > 2*time.Second {
			told = time.Now()
			fmt.Fprintf(out, format, args...)
		}
	}
}

func verdict(out io.Writer, unfit, of int) error {
	if unfit > 0 {
		return fmt.Errorf("%d of %d workflows would not go on with this build: keep the build before on them, or guard the change with workflow.GetVersion", unfit, of)
	}
	fmt.Fprintf(out, "%d workflows replayed: all would go on with this build\n", of)
	return nil
}
