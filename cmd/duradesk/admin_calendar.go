package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"os"
)

// calendarCommand is adminCommand with the import of iCalendar files.
type calendarCommand struct {
	adminCommand
	Import calendarImport `cmd:"" help:"Take holidays in from an iCalendar file (.ics), into the next version."`
}

type calendarImport struct {
	adminOne
	File   string `arg:"" type:"existingfile" help:"The iCalendar file."`
	From   string `required:"" help:"First date that is taken in." placeholder:"2027-01-01"`
	To     string `required:"" help:"Last date that is taken in." placeholder:"2027-12-31"`
	DryRun bool   `name:"dry-run" help:"Only tell what would come of it."`
}

// Run imports, and tells what was added and what was left out.
func (c *calendarImport) Run(ctx context.Context) error {
	raw, err := os.ReadFile(c.File)
	if err != nil {
		return fmt.Errorf("read the iCalendar file: %w", err)
	}
	var got struct {
		Calendar         struct{ Version int }
		Holidays, Closed []string
		Left             []struct{ Name, At, Why string }
	}
	body := map[string]any{"file": base64.StdEncoding.EncodeToString(raw), "from": c.From, "to": c.To, "dry_run": c.DryRun}
	if err := c.ask(ctx, http.MethodPost, "calendars/"+url.PathEscape(c.ID)+"/import", body, &got); err != nil {
		return err
	}
	for _, line := range append(got.Holidays, got.Closed...) {
		fmt.Fprintf(os.Stdout, "added  %s\n", line)
	}
	for _, l := range got.Left {
		fmt.Fprintf(os.Stdout, "left   %s %s: %s\n", l.At, l.Name, l.Why)
	}
	fmt.Fprintf(os.Stdout, "%s has version %d\n", c.ID, got.Calendar.Version)
	return nil
}
