package receive

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-sasl"
)

func (m *Mailbox) login() error {
	err := m.authenticate()
	if err != nil {
		return &Error{
			Trouble: classifyLogin(err), Doing: "log in to " + m.config.Addr + " as " + m.config.Username,
			Err: scrub(err, m.config.Password),
		}
	}
	m.caps = m.client.Caps()
	if m.caps == nil {
		return errors.New("server does not tell its capabilities")
	}
	return nil
}

func (m *Mailbox) authenticate() error {
	c := m.config
	switch strings.ToUpper(c.TokenMechanism) {
	case "":
		if m.client.Caps().Has(imap.CapLoginDisabled) {
			if m.client.Caps().Has(imap.AuthCap("PLAIN")) {
				return m.client.Authenticate(sasl.NewPlainClient("", c.Username, c.Password))
			}
			return &imap.Error{
				Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodePrivacyRequired,
				Text: "the server refuses passwords on this connection; use starttls or tls",
			}
		}
		return m.client.Login(c.Username, c.Password).Wait()
	case "OAUTHBEARER":
		host, _, _ := net.SplitHostPort(c.Addr)
		return m.client.Authenticate(oauthBearer{sasl.NewOAuthBearerClient(&sasl.OAuthBearerOptions{
			Username: c.Username, Token: c.Password, Host: host,
		})})
	case "XOAUTH2":
		return m.client.Authenticate(&xoauth2{user: c.Username, token: c.Password})
	}
	return fmt.Errorf("unknown token mechanism %q: use XOAUTH2 or OAUTHBEARER", c.TokenMechanism)
}

// xoauth2 is the mechanism of Google and Microsoft that go-sasl does not have.
type xoauth2 struct{ user, token string }

func (x *xoauth2) Start() (string, []byte, error) {
	return "XOAUTH2", []byte("user=" + x.user + "\x01auth=Bearer " + x.token + "\x01\x01"), nil
}

// Next answers the challenge that carries an error with an empty line, after which the server says NO.
func (x *xoauth2) Next([]byte) ([]byte, error) { return []byte{}, nil }

// scrub keeps a password that a server echoes out of the error.
func scrub(err error, secret string) error {
	if secret == "" || !strings.Contains(err.Error(), secret) {
		return err
	}
	var status *imap.Error
	if errors.As(err, &status) {
		clean := *status
		clean.Text = strings.ReplaceAll(clean.Text, secret, "(hidden)")
		return &clean
	}
	return errors.New(strings.ReplaceAll(err.Error(), secret, "(hidden)"))
}

// oauthBearer is RFC 7628. go-sasl's own client ends at the challenge that carries an error, in the middle of the
// exchange; the answer to it is one byte, after which the server says NO (§3.2.3).
type oauthBearer struct{ sasl.Client }

// Next answers the error.
func (o oauthBearer) Next([]byte) ([]byte, error) { return []byte{1}, nil }
