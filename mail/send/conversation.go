package send

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
)

// conversation is one SMTP session with one mail.
type conversation struct {
	ctx      context.Context
	config   Config
	envelope Envelope

	conn    net.Conn
	client  *smtp.Client
	unwatch func() bool
	phase   Phase
	replies []Reply
	stopped error
	utf8    bool
}

// run goes through the phases; each returns false when the end is decided for everybody.
func (c *conversation) run(raw []byte, beforeData func(context.Context) error) {
	if !c.connect() || !c.authenticate() || !c.mail(len(raw)) || !c.recipients() {
		return
	}
	if beforeData != nil {
		if err := beforeData(c.ctx); err != nil {
			c.stopped = err
			c.settle(Reply{Verdict: lost(PhaseRcpt), Phase: c.phase, Text: "stopped before the mail was handed over"})
			c.quit()
			return
		}
	}
	c.text(raw)
	c.quit()
}

// connect dials, reads the greeting, says EHLO and starts TLS.
func (c *conversation) connect() bool {
	c.phase = PhaseConnect
	dialing, cancel := context.WithTimeout(c.ctx, c.config.Timeouts.Connect)
	defer cancel()
	dialer := &net.Dialer{KeepAlive: 15 * time.Second}
	conn, err := dialer.DialContext(dialing, "tcp", c.config.Addr)
	if err != nil {
		return c.fail(err)
	}
	c.conn = conn
	c.unwatch = context.AfterFunc(c.ctx, func() { _ = conn.Close() })
	tlsConfig := c.config.TLSConfig.Clone()
	if tlsConfig == nil {
		tlsConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if tlsConfig.ServerName == "" {
		tlsConfig.ServerName, _, _ = net.SplitHostPort(c.config.Addr)
	}
	if c.config.TLS == TLSImplicit {
		secured := tls.Client(conn, tlsConfig)
		if err := secured.HandshakeContext(dialing); err != nil {
			return c.fail(err)
		}
		c.conn = secured
	}
	if err := c.hello(tlsConfig); err != nil {
		return c.fail(err)
	}
	c.client.CommandTimeout = c.config.Timeouts.Command
	c.client.SubmissionTimeout = c.config.Timeouts.Dot
	return true
}

// hello reads the greeting and says EHLO. With STARTTLS it does so twice, the second time under TLS; the first EHLO, in
// the clear, tells nothing but "localhost". Without STARTTLS on offer nothing is sent in the clear.
func (c *conversation) hello(tlsConfig *tls.Config) error {
	conn := c.conn
	limit := time.AfterFunc(c.config.Timeouts.Greeting, func() { _ = conn.Close() })
	defer limit.Stop()
	if c.config.TLS != TLSStartTLS {
		c.client = smtp.NewClient(conn)
		return c.client.Hello(c.config.Hello)
	}
	client, err := smtp.NewClientStartTLS(conn, tlsConfig)
	if err != nil && strings.Contains(err.Error(), "doesn't support STARTTLS") {
		return &smtp.SMTPError{
			Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0},
			Message: "the server does not offer STARTTLS; nothing was sent in the clear",
		}
	}
	if err != nil {
		return err
	}
	c.client = client
	return client.Hello(c.config.Hello)
}

func (c *conversation) authenticate() bool {
	if c.config.Username == "" {
		return true
	}
	c.phase = PhaseAuth
	mechanism, err := saslClient(c.config, c.client)
	if err != nil {
		return c.failWith(Reply{Verdict: Verdict{Outcome: Temporary, Scope: ScopeAccount, Slow: true}, Text: err.Error()})
	}
	if err := c.client.Auth(mechanism); err != nil {
		return c.fail(err)
	}
	return true
}

func (c *conversation) mail(size int) bool {
	c.phase = PhaseMail
	if limit, ok := c.client.MaxMessageSize(); ok && limit > 0 && size > limit {
		return c.failWith(Reply{
			Verdict: Verdict{Outcome: Permanent, Scope: ScopeMessage}, Code: 552, Enhanced: "5.3.4",
			Text: fmt.Sprintf("the mail has %d bytes, the server takes at most %d", size, limit),
		})
	}
	options := &smtp.MailOptions{Size: int64(size), EnvelopeID: c.envelope.ID}
	for _, a := range append([]string{c.envelope.From}, c.envelope.To...) {
		c.utf8 = c.utf8 || !isASCII(a)
	}
	if c.utf8 {
		if ok, _ := c.client.Extension("SMTPUTF8"); !ok {
			return c.failWith(Reply{
				Verdict: Verdict{Outcome: Permanent, Scope: ScopeMessage}, Code: 553, Enhanced: "5.6.7",
				Text: "the server takes no addresses beyond ASCII",
			})
		}
		options.UTF8 = true
	}
	if err := c.client.Mail(c.envelope.From, options); err != nil {
		return c.fail(err)
	}
	return true
}

// recipients offers each recipient; those refused are settled, and the mail goes on to the others.
func (c *conversation) recipients() bool {
	c.phase = PhaseRcpt
	taken := 0
	for i, to := range c.envelope.To {
		err := c.client.Rcpt(to, c.notify())
		var refused *smtp.SMTPError
		switch {
		case err == nil:
			taken++
		case errors.As(err, &refused) && refused.Code != 421:
			c.replies[i] = c.reply(err)
			c.replies[i].Recipient = to
		default: // the connection is lost: temporary for everybody not refused yet
			return c.fail(err)
		}
	}
	if taken == 0 {
		c.quit()
	}
	return taken > 0
}

// notify asks for failure and delay reports (RFC 3461 §4.1), where the server can.
func (c *conversation) notify() *smtp.RcptOptions {
	if c.envelope.From == "" {
		return nil
	}
	return &smtp.RcptOptions{Notify: []smtp.DSNNotify{smtp.DSNNotifyFailure, smtp.DSNNotifyDelayed}}
}

// text sends DATA, the mail, and the final dot. Up to the dot the server cannot have the mail; from the first byte of
// the dot on, only its reply tells.
func (c *conversation) text(raw []byte) {
	c.phase = PhaseData
	data, err := c.client.Data()
	if err != nil {
		c.fail(err)
		return
	}
	const piece = 32 << 10
	for rest := raw; len(rest) > 0; {
		n := min(piece, len(rest))
		_ = c.conn.SetWriteDeadline(time.Now().Add(c.config.Timeouts.Text))
		if _, err := data.Write(rest[:n]); err != nil {
			c.fail(err)
			return
		}
		rest = rest[n:]
	}
	_ = c.conn.SetWriteDeadline(time.Now().Add(c.config.Timeouts.Text))
	c.phase = PhaseDot
	response, err := data.CloseWithResponse()
	if err != nil {
		c.fail(err)
		return
	}
	c.settle(Reply{Verdict: Verdict{Outcome: Accepted}, Phase: PhaseDot, Code: 250, Text: response.StatusText})
}

func (c *conversation) quit() {
	if c.client == nil || c.ctx.Err() != nil {
		return
	}
	c.client.CommandTimeout = 2 * time.Second // the mail is settled: nobody waits for a good-bye
	_ = c.client.Quit()
}

func (c *conversation) close() {
	if c.unwatch != nil {
		c.unwatch()
	}
	if c.conn != nil {
		_ = c.conn.Close()
	}
}

// fail settles everybody who has no result yet, and returns false.
func (c *conversation) fail(err error) bool { return c.failWith(c.reply(err)) }

func (c *conversation) failWith(r Reply) bool {
	c.settle(r)
	return false
}

func (c *conversation) settle(r Reply) {
	if r.Phase == "" {
		r.Phase = c.phase
	}
	for i := range c.replies {
		if c.replies[i].Outcome == "" {
			r.Recipient = c.replies[i].Recipient
			c.replies[i] = r
		}
	}
}

// reply describes an error: the server's reply, or how the connection was lost.
func (c *conversation) reply(err error) Reply {
	var status *smtp.SMTPError
	if errors.As(err, &status) {
		enhanced := ""
		if e := status.EnhancedCode; e[0] > 0 {
			enhanced = fmt.Sprintf("%d.%d.%d", e[0], e[1], e[2])
		}
		text := c.hide(strings.ReplaceAll(status.Message, "\n", " "))
		return Reply{
			Verdict: Classify(c.phase, status.Code, enhanced, text), Phase: c.phase, Code: status.Code,
			Enhanced: enhanced, Text: text,
		}
	}
	r := Reply{Verdict: lost(c.phase), Phase: c.phase, Text: c.hide(err.Error())}
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		r.Scope, r.Slow = ScopeAccount, true
	}
	if c.ctx.Err() != nil {
		r.Text = context.Cause(c.ctx).Error()
	}
	return r
}

func (c *conversation) hide(text string) string {
	if c.config.Password == "" {
		return text
	}
	return strings.ReplaceAll(text, c.config.Password, "(hidden)")
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
