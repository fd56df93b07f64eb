package main

import (
	"context"
	"net/http"
	"net/url"
	"os"
)

// channelCommand administers channels.
type channelCommand struct {
	Ls     adminList     `cmd:"" help:"List them."`
	Show   adminShow     `cmd:"" help:"Show one, as JSON."`
	Add    adminAdd      `cmd:"" help:"Add one: FIELD=VALUE … (fields lists them). Its secret is printed once."`
	Set    adminSet      `cmd:"" help:"Change one: FIELD=VALUE …; what is not named stays."`
	Rotate channelRotate `cmd:"" help:"Give one a new secret, which is printed once."`
	Remove adminRemove   `cmd:"" help:"Take one away; its tickets are answered by mail from then on."`
	Fields adminFields   `cmd:"" help:"List the fields that add and set take."`
}

type channelRotate struct {
	adminOne
	OldLastsMinutes int `default:"1440" help:"For how long the old secret stays live."`
}

// Run prints the channel with its new secret.
func (c *channelRotate) Run(ctx context.Context) error {
	var made any
	err := c.ask(ctx, http.MethodPost, "channels/"+url.PathEscape(c.ID)+"/rotate", map[string]int{"old_lasts_minutes": c.OldLastsMinutes}, &made)
	if err != nil {
		return err
	}
	return printJSON(os.Stdout, made)
}
