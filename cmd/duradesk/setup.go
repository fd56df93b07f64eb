package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"duradesk/api"
	"duradesk/dispatch"
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
		Username: c.Address, Password: "demo", FromStart: true, Subaddress: true,
	})
	if err != nil {
		return fmt.Errorf("make the first desk: %w", err)
	}
	return nil
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
	temporal, _, err := d.temporal(ctx)
	if err != nil {
		return err
	}
	defer temporal.Close()
	relay := &dispatch.Relay{Bell: &dispatch.Bell{Client: temporal, ConsoleURL: d.BaseURL}, Record: d.queue, Log: d.log}
	err = relay.Rebuild(ctx, func(done int) { fmt.Fprintf(os.Stdout, "%d tickets rung\n", done) })
	if err != nil {
		return fmt.Errorf("rebuild: %w", err)
	}
	return nil
}
