package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/smtp"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// demoCommand makes sample people and tickets the way people make them: over the API and by mail (a part of up). Run
// again it goes on where it stopped: each command has a fixed id, each mail is noted once the server took it.
type demoCommand struct {
	settings
	API   string `name:"http" env:"DURADESK_HTTP_ADDR" default:"127.0.0.1:8080" help:"Address of the API."`
	SMTP  string `name:"smtp" env:"DURADESK_SMTP_ADDR" default:"127.0.0.1:1025" help:"Where clients' mail goes."`
	Token string `env:"DURADESK_BOOTSTRAP_TOKEN" required:"" help:"The admin's API token."`
}

// demo is one run: the tokens of the people it acts as.
type demo struct {
	demoCommand
	tokens map[string]string
	note   func(ctx context.Context, name, value string) error
	facts  func(ctx context.Context, name string) (string, error)
}

// Run makes what is missing.
func (c *demoCommand) Run(ctx context.Context) error {
	d, err := c.open(ctx, "demo", 10*time.Second)
	if err != nil {
		return err
	}
	defer d.store.Close()
	run := &demo{demoCommand: *c, tokens: map[string]string{"admin": c.Token}, note: d.store.Note, facts: d.store.Fact}
	if done, err := run.facts(ctx, "demo"); err != nil || done != "" {
		return err
	}
	if err := run.people(ctx); err != nil {
		return fmt.Errorf("make the demo people: %w", err)
	}
	for i, s := range demoStories {
		if err := run.tell(ctx, i, s); err != nil {
			return fmt.Errorf("make demo ticket %q: %w", s.title, err)
		}
	}
	return run.note(ctx, "demo", "done")
}

func (d *demo) people(ctx context.Context) error {
	for _, g := range demoGroups {
		if err := d.make(ctx, "/groups", map[string]any{"key": g[0], "name": g[1]}); err != nil {
			return err
		}
	}
	for _, a := range demoAgents {
		if err := d.make(ctx, "/agents", a); err != nil {
			return err
		}
		key := a["key"].(string)
		var made struct{ Token string }
		if err := d.call(ctx, "admin", http.MethodPost, "/tokens", map[string]any{"agent": key, "scopes": []string{"tickets:read", "tickets:act"}}, &made); err != nil {
			return err
		}
		d.tokens[key] = made.Token
	}
	return nil
}

// make posts something that may be there from a run that did not end.
func (d *demo) make(ctx context.Context, path string, body any) error {
	err := d.call(ctx, "admin", http.MethodPost, path, body, nil)
	var p *problem
	if errors.As(err, &p) && p.Status == http.StatusConflict {
		return nil
	}
	return err
}

// tell plays one story: how the ticket comes in, and what is done with it.
func (d *demo) tell(ctx context.Context, i int, s story) error {
	number, err := d.open(ctx, i, s)
	if err != nil {
		return err
	}
	for k, st := range s.steps {
		if st.mail != "" {
			if err := d.mail(ctx, fmt.Sprintf("demo mail %d.%d", i, k), s.client, fmt.Sprintf("Re: [#%d] %s", number, s.title), st.mail); err != nil {
				return err
			}
			continue
		}
		body := map[string]any{"id": fmt.Sprintf("demo-%d-%d", i, k)}
		for name, value := range st.body {
			body[name] = value
		}
		if st.text != "" {
			body["message"] = map[string]any{"body": st.text, "body_format": "markdown"}
		}
		if err := d.call(ctx, st.as, http.MethodPost, fmt.Sprintf("/tickets/%d/%s", number, st.command), body, nil); err != nil {
			return fmt.Errorf("%s by %s: %w", st.command, st.as, err)
		}
	}
	return nil
}

func (d *demo) open(ctx context.Context, i int, s story) (int64, error) {
	if s.channel == "mail" {
		if err := d.mail(ctx, fmt.Sprintf("demo mail %d", i), s.client, s.title, s.text); err != nil {
			return 0, err
		}
		return d.find(ctx, i, s)
	}
	client := map[string]any{"name": s.client.name}
	for key, value := range map[string]string{"email": s.client.email, "phone": s.client.phone} {
		if value != "" {
			client[key] = value
		}
	}
	var made struct{ Ticket struct{ Number int64 } }
	body := map[string]any{
		"id": fmt.Sprintf("demo-%d", i), "desk": "support", "client": client, "channel": s.channel, "title": s.title, "language": s.client.language,
		"message": map[string]any{"body": s.text, "body_format": "text"}, "group": "support",
	}
	if s.priority != "" {
		body["priority"] = s.priority
	}
	err := d.call(ctx, orFirst(s.by, "sato"), http.MethodPost, "/tickets", body, &made)
	return made.Ticket.Number, err
}

// find waits until the mail has become a ticket, and notes its number: a later step may destroy the title.
func (d *demo) find(ctx context.Context, i int, s story) (int64, error) {
	name := fmt.Sprintf("demo ticket %d", i)
	if known, err := d.facts(ctx, name); err != nil || known != "" {
		n, _ := strconv.ParseInt(known, 10, 64)
		return n, err
	}
	query := url.Values{"email": {s.client.email}, "title": {s.title}, "state": {"new", "open", "on_hold", "resolved", "resolved_internally", "spam", "closed"}}
	for {
		var list struct{ Items []struct{ Number int64 } }
		if err := d.call(ctx, "admin", http.MethodGet, "/tickets?"+query.Encode(), nil, &list); err != nil {
			return 0, err
		}
		if len(list.Items) > 0 {
			n := list.Items[0].Number
			return n, d.note(ctx, name, strconv.FormatInt(n, 10))
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// mail sends a client's mail, once.
func (d *demo) mail(ctx context.Context, name string, from person, subject, text string) error {
	if done, err := d.facts(ctx, name); err != nil || done != "" {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "From: %s <%s>\r\nTo: support@desk.example\r\nSubject: %s\r\n", mime.BEncoding.Encode("utf-8", from.name), from.email, mime.BEncoding.Encode("utf-8", subject))
	fmt.Fprintf(&b, "Date: %s\r\nMessage-ID: <%s@%s>\r\nMIME-Version: 1.0\r\n", time.Now().Format(time.RFC1123Z), strings.ReplaceAll(name, " ", "."), "client.example")
	b.WriteString("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n")
	b.WriteString(strings.ReplaceAll(text, "\n", "\r\n") + "\r\n")
	if err := smtp.SendMail(d.SMTP, nil, from.email, []string{"support@desk.example"}, []byte(b.String())); err != nil {
		return fmt.Errorf("send mail: %w", err)
	}
	return d.note(ctx, name, "sent")
}

// problem is an error that the API tells.
type problem struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Errors []struct {
		Pointer   string `json:"pointer"`
		Parameter string `json:"parameter"`
		Position  int    `json:"position"`
		Detail    string `json:"detail"`
	} `json:"errors"`
}

func (p *problem) Error() string {
	return fmt.Sprintf("%d %s: %s %v", p.Status, p.Title, p.Detail, p.Errors)
}

func (d *demo) call(ctx context.Context, as, method, path string, body, into any) error {
	var payload io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return err
		}
		payload = bytes.NewReader(raw)
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://"+d.API+"/api/v1"+path, payload)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+d.tokens[as])
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Prefer", "wait=30")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= http.StatusBadRequest {
		p := &problem{Status: response.StatusCode}
		_ = json.NewDecoder(response.Body).Decode(p) // without a readable body the status says it
		return p
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(response.Body).Decode(into)
}

func orFirst(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
