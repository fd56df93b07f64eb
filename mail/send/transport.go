package send

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// TLSMode is how the connection is protected.
type TLSMode string

// The modes.
const (
	TLSNone     TLSMode = "none"
	TLSStartTLS TLSMode = "starttls"
	TLSImplicit TLSMode = "tls"
)

// Timeouts bound each phase. A zero field takes its default.
type Timeouts struct {
	Connect  time.Duration // dial and TLS; 30 s
	Greeting time.Duration // greeting and EHLO; 30 s
	Command  time.Duration // AUTH, MAIL, each RCPT, the reply to DATA; 60 s
	Text     time.Duration // writing the mail without progress; 60 s
	Dot      time.Duration // the reply to the final dot; 2 min
}

func (t Timeouts) withDefaults() Timeouts {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&t.Connect, 30 * time.Second},
		{&t.Greeting, 30 * time.Second},
		{&t.Command, time.Minute},
		{&t.Text, time.Minute},
		{&t.Dot, 2 * time.Minute},
	} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	return t
}

// Config says how to reach the server.
type Config struct {
	Addr string // host:port
	TLS  TLSMode
	// Username logs in if it is not empty. TokenMechanism XOAUTH2 or OAUTHBEARER says that Password is an access token.
	Username, Password string
	TokenMechanism     string
	// Hello is the name in EHLO; default "localhost", which betrays no host name. Servers that check it need the desk's
	// domain here.
	Hello     string
	TLSConfig *tls.Config // for tests and private authorities
	Timeouts  Timeouts
}

// Transport sends mails, each over a connection of its own. It is safe for concurrent use.
type Transport struct{ config Config }

// New makes a transport. It does not connect.
func New(config Config) (*Transport, error) {
	if config.TLS == "" {
		config.TLS = TLSStartTLS
	}
	if config.TLS != TLSNone && config.TLS != TLSStartTLS && config.TLS != TLSImplicit {
		return nil, fmt.Errorf("unknown TLS mode %q for sending: use none, starttls or tls", config.TLS)
	}
	if _, _, err := net.SplitHostPort(config.Addr); err != nil {
		return nil, fmt.Errorf("SMTP address %q: use host:port", config.Addr)
	}
	if config.Hello == "" {
		config.Hello = "localhost"
	}
	config.Timeouts = config.Timeouts.withDefaults()
	return &Transport{config: config}, nil
}

// Envelope is who sends and who receives, independent of the headers.
type Envelope struct {
	From string   // "" is the null sender <>
	To   []string // at least one
	// ID is the ENVID of RFC 3461 if the server knows delivery notifications; a bounce repeats it. Printable ASCII.
	ID string
}

// Result is what became of a mail.
type Result struct {
	// Replies has one entry per recipient, in the order of the envelope.
	Replies []Reply
	// Reached is the last phase that was begun.
	Reached Phase
	// Stopped is the error of beforeData, if it stopped the sending.
	Stopped error
}

// Send hands the mail to the server. beforeData is called once right before DATA, if at least one recipient was taken:
// there the caller commits that from now on the end may be unknown; its error stops the sending, with certainty that
// nothing was sent.
//
// The error is nil whenever the result tells what became of each recipient, failures included; it is the error of
// beforeData, or says that the call made no sense (no recipient, a line break in an address). Whatever happens, Replies
// is complete for the recipients of the envelope.
func (t *Transport) Send(ctx context.Context, e Envelope, raw []byte, beforeData func(context.Context) error) (Result, error) {
	if err := e.validate(); err != nil {
		return Result{}, err
	}
	c := &conversation{ctx: ctx, config: t.config, envelope: e, replies: make([]Reply, len(e.To))}
	for i, to := range e.To {
		c.replies[i] = Reply{Recipient: to}
	}
	defer c.close()
	c.run(raw, beforeData) //nolint:contextcheck // the conversation carries it
	result := Result{Replies: c.replies, Reached: c.phase, Stopped: c.stopped}
	if c.stopped != nil {
		return result, fmt.Errorf("before DATA: %w", c.stopped)
	}
	return result, nil
}

// Check connects, secures and logs in without sending, to test the settings of a mailbox.
func (t *Transport) Check(ctx context.Context) (Reply, error) {
	c := &conversation{ctx: ctx, config: t.config, replies: make([]Reply, 1)}
	defer c.close()
	if !c.connect() || !c.authenticate() { //nolint:contextcheck // the conversation carries it
		r := c.replies[0]
		return r, fmt.Errorf("SMTP server %s: %s", t.config.Addr, r)
	}
	c.quit()
	return Reply{Verdict: Verdict{Outcome: Accepted}, Phase: c.phase}, nil
}

func (e Envelope) validate() error {
	if len(e.To) == 0 {
		return errors.New("send mail: no recipient")
	}
	for _, a := range append([]string{e.From}, e.To...) {
		if strings.ContainsAny(a, "\r\n\x00<> ") {
			return errors.New("send mail: an address holds a line break, a blank or an angle bracket")
		}
	}
	for i := 0; i < len(e.ID); i++ {
		if e.ID[i] <= ' ' || e.ID[i] >= 0x7f {
			return errors.New("send mail: the envelope id holds a character beyond printable ASCII")
		}
	}
	for _, to := range e.To {
		if !strings.Contains(to, "@") {
			return errors.New("send mail: a recipient has no domain")
		}
	}
	return nil
}

// saslClient chooses the mechanism: a token's own, else PLAIN, else LOGIN for servers that know nothing better.
func saslClient(c Config, client *smtp.Client) (sasl.Client, error) {
	switch strings.ToUpper(c.TokenMechanism) {
	case "":
	case "OAUTHBEARER":
		host, _, _ := net.SplitHostPort(c.Addr)
		return oauthBearer{sasl.NewOAuthBearerClient(&sasl.OAuthBearerOptions{Username: c.Username, Token: c.Password, Host: host})}, nil
	case "XOAUTH2":
		return &xoauth2{user: c.Username, token: c.Password}, nil
	default:
		return nil, fmt.Errorf("unknown token mechanism %q: use XOAUTH2 or OAUTHBEARER", c.TokenMechanism)
	}
	switch {
	case client.SupportsAuth("PLAIN"):
		return sasl.NewPlainClient("", c.Username, c.Password), nil
	case client.SupportsAuth("LOGIN"):
		return sasl.NewLoginClient(c.Username, c.Password), nil
	}
	return nil, errors.New("the server offers neither AUTH PLAIN nor LOGIN on this connection (is TLS needed?)")
}

// xoauth2 is the mechanism of Google and Microsoft that go-sasl does not have.
type xoauth2 struct{ user, token string }

func (x *xoauth2) Start() (string, []byte, error) {
	return "XOAUTH2", []byte("user=" + x.user + "\x01auth=Bearer " + x.token + "\x01\x01"), nil
}

// Next answers the challenge that carries an error with an empty line, after which the server refuses.
func (x *xoauth2) Next([]byte) ([]byte, error) { return []byte{}, nil }

// oauthBearer is RFC 7628. go-sasl's own client ends at the challenge that carries an error, in the middle of the
// exchange; the answer to it is one byte, after which the server says 535 (§3.2.3).
type oauthBearer struct{ sasl.Client }

// Next answers the error.
func (o oauthBearer) Next([]byte) ([]byte, error) { return []byte{1}, nil }
