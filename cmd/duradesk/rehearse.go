package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"duradesk/calendar"
	"duradesk/lifecycle"
	"duradesk/postgres"
	"duradesk/ticket"
)

// rehearseCommand asks this build's rules all that was ever asked, and lists what they would answer otherwise. It
// changes nothing.
type rehearseCommand struct {
	DatabaseURL string   `name:"database-url" env:"DURADESK_DATABASE_URL" help:"Postgres, as postgres://user:password@host:5432/database."`
	Recorded    string   `help:"Rehearse the tickets that ticket export has written to this folder (*.json), in place of the database." type:"existingdir" placeholder:"DIR"`
	Calendar    []string `help:"With this calendar (JSON, as GET /api/v1/calendars/KEY shows it) in place of the one of its key (repeatable)." type:"existingfile" placeholder:"FILE" sep:"none"`
	Desk        string   `help:"Only tickets of this desk." placeholder:"KEY"`
	Show        int      `help:"How many differences are printed; all are counted." default:"50"`

	calendars map[string]calendar.Spec
	told      map[string]int // differences by what they are
	unread    int            // tickets that could not be asked again
	tickets   int
	changed   int
	steps     int
}

var (
	errDiffers = errors.New("this build would answer some of what is recorded otherwise: see above")
	errUnread  = errors.New("some of what is recorded could not be asked again: see above")
)

// Run rehearses; differences are an error, so that a script notices, and so is a ticket that could not be asked again: it
// is named, and the others are asked all the same.
func (c *rehearseCommand) Run(ctx context.Context) error {
	c.calendars, c.told = map[string]calendar.Spec{}, map[string]int{}
	for _, file := range c.Calendar {
		spec, err := readCalendar(file)
		if err != nil {
			return err
		}
		c.calendars[spec.Key] = spec
	}
	each := c.database
	if c.Recorded != "" {
		each = c.files
	}
	if err := each(ctx, os.Stdout); err != nil {
		return err
	}
	return c.verdict(os.Stdout)
}

func (c *rehearseCommand) files(_ context.Context, out io.Writer) error {
	files, err := filepath.Glob(filepath.Join(c.Recorded, "*.json"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("there are no recorded tickets (*.json) in %s: write some with `duradesk ticket export`", c.Recorded)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("read a recorded ticket: %w", err)
		}
		var r lifecycle.Recorded
		err = json.Unmarshal(raw, &r)
		if err == nil {
			err = c.rehearse(out, r)
		}
		if err != nil {
			c.cannot(out, filepath.Base(file), err)
		}
	}
	return nil
}

func (c *rehearseCommand) database(ctx context.Context, out io.Writer) error {
	if c.DatabaseURL == "" {
		return errors.New("DURADESK_DATABASE_URL is not set, and no --recorded is given")
	}
	store, err := postgres.Open(ctx, postgres.Config{URL: c.DatabaseURL, MaxConns: 2, AppName: "duradesk-rehearse", Wait: 10 * time.Second})
	if err != nil {
		return err
	}
	defer store.Close()
	tell := nowAndThen(os.Stderr)
	for after := ticket.Number(0); ; {
		list, err := store.RecordedTickets(ctx, after, 500)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, n := range list {
			r, err := store.Recorded(ctx, n)
			if err == nil {
				err = c.rehearse(out, r)
			}
			if ctx.Err() != nil || postgres.Away(err) && ticket.CodeOf(err) != ticket.Newer {
				return err
			}
			if err != nil {
				c.cannot(out, fmt.Sprintf("ticket %d", n), err)
			}
			after = n
		}
		tell("%d tickets rehearsed\n", c.tickets)
	}
}

// cannot names what could not be asked again.
func (c *rehearseCommand) cannot(out io.Writer, what string, err error) {
	c.unread++
	fmt.Fprintf(out, "%s cannot be rehearsed: %s\n", what, oneLine(err))
}

func (c *rehearseCommand) rehearse(out io.Writer, r lifecycle.Recorded) error {
	if c.Desk != "" && r.Opening.Desk != c.Desk {
		return nil
	}
	if spec, changed := c.calendars[r.Settings.Calendar]; changed && r.Calendar != nil {
		spec.Version = r.Calendar.Version
		r.Calendar = &spec
	}
	found, err := lifecycle.Rehearse(r)
	if err != nil {
		return err
	}
	c.tickets++
	c.steps += len(r.Steps)
	if len(found) > 0 {
		c.changed++
	}
	for _, d := range found {
		c.told[d.What]++
		if c.Show > 0 {
			c.Show--
			fmt.Fprintln(out, d)
		}
	}
	return nil
}

func (c *rehearseCommand) verdict(out io.Writer) error {
	var verdict error
	if c.changed == 0 {
		fmt.Fprintf(out, "%d tickets with %d commands rehearsed: each would be answered as it was\n", c.tickets, c.steps)
	} else {
		fmt.Fprintf(out, "%d tickets with %d commands rehearsed; %d tickets differ:\n", c.tickets, c.steps, c.changed)
		printCounts(out, c.told)
		verdict = errDiffers
	}
	if c.unread > 0 {
		fmt.Fprintf(out, "%d tickets could not be rehearsed\n", c.unread)
		verdict = errors.Join(verdict, errUnread)
	}
	return verdict
}
