package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"duradesk/api"
	"duradesk/calendar"
	"duradesk/postgres"
)

// migrateCommand brings the schema up to date.
type migrateCommand struct {
	DatabaseURL string `name:"database-url" env:"DURADESK_DATABASE_URL" required:"" help:"Postgres, as postgres://user:password@host:5432/database."`
}

// Run migrates forward; it may run any number of times, also at once.
func (c *migrateCommand) Run(ctx context.Context) error { return postgres.Migrate(ctx, c.DatabaseURL) }

// bootstrapCommand makes the first desk and the admin as whom the bootstrap token acts (a part of up). It changes
// nothing that is there.
type bootstrapCommand struct {
	settings
	Address string `default:"support@desk.example" help:"Mail address of the desk."`
	Name    string `default:"Support" help:"Name of the desk."`
	SMTP    string `name:"smtp" env:"DURADESK_SMTP_ADDR" default:"127.0.0.1:1025" help:"Where mail leaves."`
	Zone    string `name:"zone" env:"DURADESK_ZONE" default:"Asia/Tokyo" help:"Time zone of the first desk's business hours."`
	Hours   string `name:"hours" env:"DURADESK_HOURS" default:"09:00-18:00" help:"The first desk's business hours on working days, such as 09:00-12:00,13:00-18:00; always: round the clock."`
	Admin   string `name:"admin-password" env:"DURADESK_ADMIN_PASSWORD" help:"Password that the first admin gets while he has none."`
	IMAP    string `name:"imap" env:"DURADESK_IMAP_ADDR" default:"127.0.0.1:1143" help:"Where mail is fetched."`
}

// Run makes what is missing.
func (c *bootstrapCommand) Run(ctx context.Context) error {
	d, err := c.open(ctx, "bootstrap", 10*time.Second)
	if err != nil {
		return err
	}
	defer d.store.Close()
	if err := d.store.EnsureAdmin(ctx, "admin", "Admin", "admin@desk.example"); err != nil {
		return fmt.Errorf("make the admin: %w", err)
	}
	hours, err := businessHours(c.Zone, c.Hours)
	if err != nil {
		return err
	}
	if c.Admin != "" {
		hash, err := api.HashPassword(ctx, c.Admin)
		if err != nil {
			return fmt.Errorf("make the admin's password: %w", err)
		}
		if err := d.store.FirstPassword(ctx, "admin", hash); err != nil {
			return fmt.Errorf("make the admin's password: %w", err)
		}
	}
	err = d.store.EnsureFirstDesk(ctx, postgres.FirstDesk{
		Key: "support", Name: c.Name, Address: c.Address, Group: "support", Admin: "admin", IMAPAddr: c.IMAP, SMTPAddr: c.SMTP,
		Username: c.Address, Password: "demo", FromStart: true, Subaddress: true, Calendar: hours,
	})
	if err != nil {
		return fmt.Errorf("make the first desk: %w", err)
	}
	return nil
}

// businessHours is the calendar of the first desk: Monday to Friday, but for national holidays and the turn of the year
// where these are Japan's. The zero value is round the clock.
func businessHours(zone, hours string) (calendar.Spec, error) {
	if hours == calendar.Always.Key() {
		return calendar.Spec{}, nil
	}
	s := calendar.Spec{Key: "business", Version: 1, Zone: zone}
	var day []calendar.Interval
	for part := range strings.SplitSeq(hours, ",") {
		i, err := calendar.ParseInterval(strings.TrimSpace(part))
		if err != nil {
			return s, fmt.Errorf("DURADESK_HOURS: %w", err)
		}
		day = append(day, i)
	}
	for weekday := time.Monday; weekday <= time.Friday; weekday++ {
		s.Week[weekday] = day
	}
	if zone == "Asia/Tokyo" {
		turn, err := calendar.ParseDateRange("12-29/01-03 年末年始")
		if err != nil {
			return s, err
		}
		s.Holidays, s.Closed = []calendar.Holiday{{Set: "jp"}}, []calendar.DateRange{turn}
	}
	if _, err := calendar.New(s); err != nil {
		return s, fmt.Errorf("DURADESK_ZONE, DURADESK_HOURS: %w", err)
	}
	return s, nil
}

// rebuildCommand starts every open ticket, mailbox and unfinished mail again: for a Temporal whose store was lost.
type rebuildCommand struct{ settings }

// Run rings every open ticket; those that run already only look at their row.
func (c *rebuildCommand) Run(ctx context.Context) error {
	d, err := c.open(ctx, "rebuild", 10*time.Second)
	if err != nil {
		return err
	}
	defer d.store.Close()
	temporal, err := d.temporal(ctx, os.Stderr)
	if err != nil {
		return err
	}
	defer temporal.Close()
	if err := temporal.rebuild(ctx, d, func(done int) { fmt.Fprintf(os.Stdout, "%d tickets rung\n", done) }); err != nil {
		return fmt.Errorf("rebuild: %w", err)
	}
	return nil
}
