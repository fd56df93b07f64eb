package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"duradesk/activities"
	"duradesk/cmd/duradesk/doctor"
	"duradesk/postgres"
)

// doctorCommand says what is wrong, in the language of the terminal (LANG).
type doctorCommand struct {
	settings
	JSON     bool     `name:"json" help:"Print the findings as JSON."`
	All      bool     `help:"Print what is as it should be, too."`
	Disk     []string `help:"Folder whose disk is looked at, beside that of a Postgres on this machine (repeatable)." default:"." placeholder:"FOLDER"`
	DiskFree uint64   `name:"disk-free" help:"Megabytes that must be free on each disk." default:"1024"`
	Offline  bool     `help:"Do not connect to mail servers: mailboxes are not compared with their ledgers."`
}

var errSick = errors.New("something is wrong: see above")

// Run prints what was found; errors make the exit code 1, warnings do not.
func (c *doctorCommand) Run(ctx context.Context) error {
	if c.LogLevel < slog.LevelError {
		c.LogLevel = slog.LevelError + 4 // what is wrong is said in words
	}
	d, err := c.open(ctx, "doctor", postgres.Lazily)
	if err != nil {
		return err
	}
	defer d.store.Close()
	temporal, options, err := temporalWhenThere(d.log)
	if err != nil {
		return err
	}
	defer temporal.Close()
	desk := &doctor.Desk{
		Store: d.store, Temporal: temporal, Namespace: options.Namespace, Now: time.Now, Build: build(), Deployment: c.Deployment, Retention: c.Retention,
		Disks: c.Disk, DiskFree: c.DiskFree << 20, Language: doctor.LanguageOf(os.Getenv),
	}
	if !c.Offline && d.bucket != nil {
		desk.Objects = d.bucket.Check
	}
	desk.Outside = d.bucket != nil
	if !c.Offline {
		desk.Reconcile = (&activities.Mailboxes{Intake: d.queue, Post: post{}, Keys: d.keys, Log: d.log, Now: time.Now}).Reconcile
	}
	found := desk.Examine(ctx)
	if err := c.tell(os.Stdout, found); err != nil {
		return err
	}
	if doctor.Worst(found) == doctor.Error {
		return errSick
	}
	return nil
}

func (c *doctorCommand) tell(w io.Writer, found []doctor.Finding) error {
	worst := doctor.Worst(found)
	if c.JSON {
		out := json.NewEncoder(w)
		out.SetEscapeHTML(false)
		out.SetIndent("", "  ")
		return out.Encode(map[string]any{"ok": worst != doctor.Error, "worst": worst, "findings": found})
	}
	mark := map[doctor.Level]string{doctor.OK: "ok     ", doctor.Warning: "warning", doctor.Error: "ERROR  "}
	wrong := 0
	for _, f := range found {
		if f.Level == doctor.OK && !c.All {
			continue
		}
		if f.Level != doctor.OK {
			wrong++
		}
		fmt.Fprintf(w, "%s  %s\n", mark[f.Level], f.Text)
		if f.Todo != "" {
			fmt.Fprintf(w, "         → %s\n", f.Todo)
		}
	}
	if wrong == 0 {
		fmt.Fprintf(w, "%d ✓\n", len(found))
	}
	return nil
}
