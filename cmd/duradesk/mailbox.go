package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"duradesk/api/client"
)

// mailboxCommand administers mailboxes.
type mailboxCommand struct {
	Ls   mailboxList   `cmd:"" help:"List the mailboxes and how reading them goes."`
	Add  mailboxAdd    `cmd:"" help:"Add a mailbox; it is read from now on."`
	Set  mailboxSet    `cmd:"" help:"Change settings of a mailbox; what is not named stays."`
	Test mailboxTest   `cmd:"" help:"Log in to a mailbox's servers and say what is wrong; changes nothing."`
	Rm   mailboxRemove `cmd:"" help:"Remove a mailbox; what came through it stays."`
}

// mailboxFlags are the settings of a mailbox; those that are given.
type mailboxFlags struct {
	Desk    *string `help:"Key of the desk that it belongs to." placeholder:"KEY"`
	IMAP    *string `name:"imap" help:"Server that mail is fetched from." placeholder:"HOST:PORT"`
	IMAPTLS *string `name:"imap-tls" help:"none, starttls or tls." placeholder:"KIND"`
	SMTP    *string `name:"smtp" help:"Server through which mail leaves." placeholder:"HOST:PORT"`
	SMTPTLS *string `name:"smtp-tls" help:"none, starttls or tls." placeholder:"KIND"`
	Folder  *string `help:"Folder that is read; INBOX unless said." placeholder:"NAME"`

	Login        *string `help:"password, xoauth2 or oauthbearer." placeholder:"MODE"`
	Username     *string `help:"The address unless said." placeholder:"NAME"`
	Password     *string `env:"DURADESK_MAILBOX_PASSWORD" help:"Better given by the environment, where other people of the machine don't see it." placeholder:"SECRET"`
	TokenURL     *string `name:"token-url" help:"Where a token is asked for." placeholder:"URL"`
	ClientID     *string `name:"client-id" help:"Of the application that is registered there." placeholder:"ID"`
	ClientSecret *string `name:"client-secret" env:"DURADESK_MAILBOX_CLIENT_SECRET" help:"Of that application." placeholder:"SECRET"`
	Scope        *string `help:"What is asked for." placeholder:"WORDS"`
	RefreshToken *string `name:"refresh-token" env:"DURADESK_MAILBOX_REFRESH_TOKEN" help:"As it was granted; replaced as time goes by." placeholder:"SECRET"`

	After       *string `help:"What becomes of a mail on its server: keyword, seen, move or delete." placeholder:"MODE"`
	AfterFolder *string `name:"after-folder" help:"Of move." placeholder:"NAME"`
	SentFolder  *string `name:"sent-folder" help:"Copies of what was sent go there; empty: nowhere." placeholder:"NAME"`
	AuthservID  *string `name:"authserv-id" help:"The receiving host whose Authentication-Results are believed." placeholder:"HOST"`
	Subaddress  *bool   `negatable:"" help:"Mail to stem+anything arrives there."`
	FromStart   *bool   `name:"from-start" negatable:"" help:"Read from its first message."`
	Enabled     *bool   `negatable:"" help:"Read it and send through it."`
	PollSeconds *int    `name:"poll-seconds" help:"A look at the latest after this." placeholder:"N"`

	mailboxDKIM

	AddressHour *int `name:"acks-address-hour" help:"Acknowledgements to one address in an hour." placeholder:"N"`
	AddressDay  *int `name:"acks-address-day" help:"The same in a day." placeholder:"N"`
	Hour        *int `name:"acks-hour" help:"Acknowledgements of the mailbox in an hour." placeholder:"N"`
	Ticket      *int `name:"automatics-ticket" help:"Automatic mails of one ticket in ten minutes." placeholder:"N"`
	SendsMinute *int `name:"sends-minute" help:"Mails that leave in a minute; 0: as fast as the server takes them." placeholder:"N"`
}

// body is what is given, as the API takes it.
func (f mailboxFlags) body() (map[string]any, error) {
	out := map[string]any{}
	imap, err := door(f.IMAP, f.IMAPTLS, "imap")
	if err != nil {
		return nil, err
	}
	smtp, err := door(f.SMTP, f.SMTPTLS, "smtp")
	if err != nil {
		return nil, err
	}
	put(out, "imap", imap)
	put(out, "smtp", smtp)
	login := map[string]any{}
	for name, v := range map[string]*string{
		"mode": f.Login, "username": f.Username, "password": f.Password, "token_url": f.TokenURL, "client_id": f.ClientID,
		"client_secret": f.ClientSecret, "scope": f.Scope, "refresh_token": f.RefreshToken,
	} {
		give(login, name, v)
	}
	put(out, "login", login)
	after := map[string]any{}
	give(after, "mode", f.After)
	give(after, "folder", f.AfterFolder)
	put(out, "after", after)
	caps := map[string]any{}
	for name, v := range map[string]*int{
		"address_hour": f.AddressHour, "address_day": f.AddressDay, "hour": f.Hour, "ticket_ten_minutes": f.Ticket, "sends_minute": f.SendsMinute,
	} {
		give(caps, name, v)
	}
	put(out, "caps", caps)
	if err := f.mailboxDKIM.into(out); err != nil {
		return nil, err
	}
	for name, v := range map[string]*string{"desk": f.Desk, "folder": f.Folder, "sent_folder": f.SentFolder, "authserv_id": f.AuthservID} {
		give(out, name, v)
	}
	for name, v := range map[string]*bool{"subaddress": f.Subaddress, "from_start": f.FromStart, "enabled": f.Enabled} {
		give(out, name, v)
	}
	give(out, "poll_seconds", f.PollSeconds)
	return out, nil
}

func give[T any](to map[string]any, name string, v *T) {
	if v != nil {
		to[name] = *v
	}
}

func put(to map[string]any, name string, v map[string]any) {
	if len(v) > 0 {
		to[name] = v
	}
}

func door(addr, tls *string, flag string) (map[string]any, error) {
	out := map[string]any{}
	give(out, "tls", tls)
	if addr == nil {
		return out, nil
	}
	host, port, err := net.SplitHostPort(*addr)
	n, bad := strconv.Atoi(port)
	if err != nil || bad != nil {
		return nil, fmt.Errorf("--%s %q: use host:port, such as mail.example:993", flag, *addr)
	}
	out["host"], out["port"] = host, n
	return out, nil
}

// reader is the given settings as a request's body.
func (f mailboxFlags) reader(more map[string]any) (io.Reader, error) {
	body, err := f.body()
	if err != nil {
		return nil, err
	}
	for name, v := range more {
		body[name] = v
	}
	raw, err := json.Marshal(body)
	return bytes.NewReader(raw), err
}

const jsonType = "application/json"

// mailboxShown is what is printed of a mailbox.
type mailboxShown struct {
	ID        string     `json:"id"`
	Desk      string     `json:"desk"`
	Address   string     `json:"address"`
	State     string     `json:"state"`
	LastError string     `json:"last_error"`
	LastSeen  *time.Time `json:"last_seen_at"`
	LastUID   int64      `json:"last_uid"`
	Settings  struct {
		DKIM *struct {
			Sign  bool   `json:"sign"`
			Name  string `json:"record_name"`
			Value string `json:"record_value"`
		} `json:"dkim"`
	} `json:"settings"`
}

type mailboxList struct{ remote }

// Run prints a line for each.
func (c *mailboxList) Run(ctx context.Context) error {
	list, err := c.list(ctx)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "ADDRESS\tDESK\tSTATE\tLAST SEEN\tTROUBLE")
	for _, m := range list {
		seen := "never"
		if m.LastSeen != nil {
			seen = m.LastSeen.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", m.Address, m.Desk, m.State, seen, cmp.Or(m.LastError, "-"))
	}
	return w.Flush()
}

func (r remote) list(ctx context.Context) ([]mailboxShown, error) {
	desk, err := r.open()
	if err != nil {
		return nil, err
	}
	var out struct{ Items []mailboxShown }
	answer, err := desk.ListMailboxes(ctx)
	return out.Items, answered(answer, err, &out)
}

// mailboxAddress names a mailbox that is there.
type mailboxAddress struct {
	remote
	Address string `arg:"" help:"Its mail address, or its id."`
}

// id looks for the mailbox.
func (c mailboxAddress) id(ctx context.Context) (string, error) {
	list, err := c.list(ctx)
	if err != nil {
		return "", err
	}
	for _, m := range list {
		if m.ID == c.Address || strings.EqualFold(m.Address, c.Address) {
			return m.ID, nil
		}
	}
	return "", fmt.Errorf("there is no mailbox %s; `duradesk mailbox ls` lists them", c.Address)
}

// find connects to the desk and looks for the mailbox there.
func (c mailboxAddress) find(ctx context.Context) (*client.ClientWithResponses, string, error) {
	desk, err := c.open()
	if err != nil {
		return nil, "", err
	}
	id, err := c.id(ctx)
	return desk, id, err
}

type mailboxAdd struct {
	remote
	mailboxFlags
	Address string `arg:"" help:"Its mail address."`
}

// Run adds it.
func (c *mailboxAdd) Run(ctx context.Context) error {
	desk, err := c.open()
	if err != nil {
		return err
	}
	body, err := c.reader(map[string]any{"address": c.Address})
	if err != nil {
		return err
	}
	var made mailboxShown
	answer, err := desk.CreateMailboxWithBody(ctx, jsonType, body)
	if err := answered(answer, err, &made); err != nil {
		return err
	}
	fmt.Fprintf(os.Stdout, "%s is added for desk %s; try it with `duradesk mailbox test %s`\n", made.Address, made.Desk, made.Address)
	c.tell(made)
	return nil
}

type mailboxSet struct {
	mailboxAddress
	mailboxFlags
}

// Run changes what is given.
func (c *mailboxSet) Run(ctx context.Context) error {
	desk, err := c.open()
	if err != nil {
		return err
	}
	body, err := c.reader(nil)
	if err != nil {
		return err
	}
	id, err := c.id(ctx)
	if err != nil {
		return err
	}
	var changed mailboxShown
	answer, err := desk.ChangeMailboxWithBody(ctx, id, jsonType, body)
	if err := answered(answer, err, &changed); err != nil {
		return err
	}
	fmt.Fprintf(os.Stdout, "%s is changed; it is read by the new settings within a minute\n", c.Address)
	c.tell(changed)
	return nil
}

type mailboxTest struct{ mailboxAddress }

// Run tries both servers and says what came of it, an error where one does not work.
func (c *mailboxTest) Run(ctx context.Context) error {
	desk, id, err := c.find(ctx)
	if err != nil {
		return err
	}
	type tried struct {
		OK           bool
		Text, Detail string
		Mails        *int
		Abilities    []string
	}
	var got struct {
		OK         bool
		IMAP, SMTP tried
	}
	answer, err := desk.TestMailbox(ctx, id)
	if err := answered(answer, err, &got); err != nil {
		return err
	}
	for _, d := range []struct {
		name string
		tried
	}{{"IMAP", got.IMAP}, {"SMTP", got.SMTP}} {
		line := d.Text
		if d.Mails != nil {
			line += fmt.Sprintf(" %d mails; abilities: %s", *d.Mails, strings.Join(d.Abilities, " "))
		}
		if d.Detail != "" {
			line += " (" + d.Detail + ")"
		}
		fmt.Fprintf(os.Stdout, "%s: %s\n", d.name, line)
	}
	if !got.OK {
		return errors.New("the mailbox does not work yet")
	}
	return nil
}

type mailboxRemove struct{ mailboxAddress }

// Run removes it.
func (c *mailboxRemove) Run(ctx context.Context) error {
	desk, id, err := c.find(ctx)
	if err != nil {
		return err
	}
	answer, err := desk.DeleteMailbox(ctx, id)
	if err := answered(answer, err, nil); err != nil {
		return err
	}
	fmt.Fprintf(os.Stdout, "%s is removed\n", c.Address)
	return nil
}
