package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"duradesk/webhook"
)

// webhookCommand helps those who receive webhooks.
type webhookCommand struct {
	Verify webhookVerifyCommand `cmd:"" help:"Tell whether a request that came to you was signed by this desk; its body comes from stdin."`
}

// webhookVerifyCommand checks one request, as a receiver should.
type webhookVerifyCommand struct {
	Secret    []string `required:"" env:"DURADESK_WEBHOOK_SECRET" help:"whsec_…; several while they are being changed."`
	ID        string   `name:"id" required:"" help:"The header webhook-id."`
	Timestamp string   `required:"" help:"The header webhook-timestamp."`
	Signature string   `required:"" help:"The header webhook-signature."`
	Old       bool     `help:"Believe a timestamp however old: for requests that were kept."`
}

// Run prints ok, or fails with what is wrong.
func (c *webhookVerifyCommand) Run() error {
	body, err := io.ReadAll(os.Stdin)
	if err != nil {
		return fmt.Errorf("read the body: %w", err)
	}
	now := time.Now()
	var seconds int64
	if _, err := fmt.Sscan(c.Timestamp, &seconds); c.Old && err == nil {
		now = time.Unix(seconds, 0)
	}
	if err := webhook.Verify(c.Secret, c.ID, c.Timestamp, c.Signature, body, now); err != nil {
		return err
	}
	fmt.Println("ok")
	return nil
}
