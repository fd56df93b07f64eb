package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"duradesk/api/client"
	"duradesk/calendar"
	"duradesk/lifecycle"
	"duradesk/postgres"
	"duradesk/ticket"
)

// ticketExport writes what the rules were asked about a ticket, and what they answered: a test that every later build
// can be held to. It reads the database, as an operator does.
type ticketExport struct {
	DatabaseURL string        `name:"database-url" env:"DURADESK_DATABASE_URL" required:"" help:"Postgres, as postgres://user:password@host:5432/database."`
	Number      ticket.Number `arg:"" help:"The ticket's number."`
	File        string        `arg:"" help:"File to write, as JSON. It must not exist." type:"path"`
	Anonymise   bool          `help:"Without anything by which somebody could be known again. Instants stay: deadlines go by them."`
}

// Run exports. It refuses to write what this build would answer otherwise: such a test fails from the start.
func (c *ticketExport) Run(ctx context.Context) error {
	store, err := postgres.Open(ctx, postgres.Config{URL: c.DatabaseURL, MaxConns: 2, AppName: "duradesk-export", Wait: 10 * time.Second})
	if err != nil {
		return err
	}
	defer store.Close()
	r, err := store.Recorded(ctx, c.Number)
	if err != nil {
		return err
	}
	if c.Anonymise {
		r = r.Anonymous()
	}
	found, err := lifecycle.Rehearse(r)
	if err != nil {
		return err
	}
	if len(found) > 0 {
		return fmt.Errorf("this build would answer it otherwise, so it is no test: %s", found[0])
	}
	raw, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return fmt.Errorf("write the ticket: %w", err)
	}
	file, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write the ticket: %w", err)
	}
	_, err = file.Write(append(raw, '\n'))
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write the ticket: %w", err)
	}
	fmt.Fprintf(os.Stdout, "%d commands written to %s; `duradesk rehearse --recorded FOLDER` asks them again\n", len(r.Steps), c.File)
	return nil
}

// readCalendar reads what GET /api/v1/calendars/KEY answers.
func readCalendar(file string) (calendar.Spec, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return calendar.Spec{}, fmt.Errorf("read the calendar: %w", err)
	}
	var given client.Calendar
	if err := json.Unmarshal(raw, &given); err != nil || given.Key == "" {
		return calendar.Spec{}, errors.Join(fmt.Errorf("%s is no calendar as GET /api/v1/calendars/KEY shows it", file), err)
	}
	spec := calendar.Spec{Key: given.Key, Version: given.Version, Zone: given.Zone}
	week := [7][]string{given.Week.Sunday, given.Week.Monday, given.Week.Tuesday, given.Week.Wednesday, given.Week.Thursday, given.Week.Friday, given.Week.Saturday}
	for day, hours := range week {
		spec.Week[day], err = parsed(hours, calendar.ParseInterval, err)
	}
	spec.Holidays, err = parsed(given.Holidays, calendar.ParseHoliday, err)
	spec.Closed, err = parsed(given.Closed, calendar.ParseDateRange, err)
	spec.Open, err = parsed(given.Open, calendar.ParseOpening, err)
	if err != nil {
		return spec, fmt.Errorf("%s: %w", file, err)
	}
	return spec, nil
}

// parsed reads each line; the errors of several calls are joined.
func parsed[T any](lines []string, parse func(string) (T, error), before error) ([]T, error) {
	var out []T
	for _, line := range lines {
		one, err := parse(line)
		before = errors.Join(before, err)
		out = append(out, one)
	}
	return out, before
}

// printCounts prints how often each thing was found, the most frequent first.
func printCounts(out io.Writer, counts map[string]int) {
	names := slices.Sorted(maps.Keys(counts))
	slices.SortStableFunc(names, func(a, b string) int { return counts[b] - counts[a] })
	for _, name := range names {
		fmt.Fprintf(out, "%8d  %s\n", counts[name], name)
	}
}
