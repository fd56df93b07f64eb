package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"duradesk/mail/world"
)

// mailCommand runs the embedded mail world.
type mailCommand struct {
	Dir  string `required:"" type:"path" placeholder:"DIR" help:"Where the mailboxes are kept."`
	SMTP string `name:"smtp" env:"DURADESK_SMTP_ADDR" default:"127.0.0.1:1025" help:"Address that takes mail for anybody."`
	IMAP string `name:"imap" env:"DURADESK_IMAP_ADDR" default:"127.0.0.1:1143" help:"Address that serves every mailbox."`
}

// Run serves until it is interrupted.
func (c *mailCommand) Run(ctx context.Context) error {
	err := world.Run(ctx, world.Options{
		Dir:      c.Dir,
		SMTPAddr: c.SMTP,
		IMAPAddr: c.IMAP,
		Log:      slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("run the mail world: %w", err)
	}
	return nil
}
