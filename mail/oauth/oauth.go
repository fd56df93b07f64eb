package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Request is what a token is asked for with. Without a refresh token the client asks in its own name.
type Request struct {
	URL                    string
	ClientID, ClientSecret string
	Refresh                string
	Scope                  string // "": as it was granted
}

// Grant is what the server gives.
type Grant struct {
	Access  string
	Refresh string // the next refresh token: another one, where the server replaces it each time
	Lasts   time.Duration
}

// Refused is the server's no: asking again with the same request is of no use (RFC 6749 §5.2).
type Refused struct {
	Code string // such as invalid_grant
	Text string // the server's words, one line
}

func (r *Refused) Error() string {
	return strings.TrimRight(fmt.Sprintf("the token server refuses: %s: %s", r.Code, r.Text), ": ")
}

const (
	most     = 64 << 10         // bytes of an answer
	patience = 15 * time.Second // for an answer
	usual    = time.Hour        // how long a token lasts whose server does not tell
)

// Client asks token servers. The zero value is ready.
type Client struct {
	// HTTP is for tests and private authorities; nil: the system's.
	HTTP http.RoundTripper
}

// Token asks for an access token. *Refused: only other settings, or a person who grants anew, can help; any other error
// is worth another try later. No error holds a secret.
func (c Client) Token(ctx context.Context, r Request) (Grant, error) {
	if err := CheckURL(r.URL); err != nil {
		return Grant{}, &Refused{Code: "token_url", Text: err.Error()}
	}
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {r.Refresh}, "client_id": {r.ClientID}}
	if r.Refresh == "" {
		form = url.Values{"grant_type": {"client_credentials"}, "client_id": {r.ClientID}}
	}
	for name, value := range map[string]string{"client_secret": r.ClientSecret, "scope": r.Scope} {
		if value != "" {
			form.Set(name, value)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.URL, strings.NewReader(form.Encode()))
	if err != nil {
		return Grant{}, &Refused{Code: "token_url", Text: "it is not a URL"}
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	answer, err := c.client().Do(request)
	if err != nil {
		return Grant{}, fmt.Errorf("ask for a token: %w", plain(err))
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, most))
	if err != nil {
		return Grant{}, fmt.Errorf("read the token server's answer: %w", err)
	}
	return read(answer.StatusCode, body, r.Refresh)
}

// client follows no redirects: what is sent are secrets, for that address alone.
func (c Client) client() *http.Client {
	return &http.Client{Transport: c.HTTP, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// plain leaves the address out of an error: it is in the settings, and may carry more than a person wants in a log.
func plain(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

func read(status int, body []byte, before string) (Grant, error) {
	var said struct {
		AccessToken  string      `json:"access_token"`
		RefreshToken string      `json:"refresh_token"`
		ExpiresIn    json.Number `json:"expires_in"` // some send it as a text
		Error        string      `json:"error"`
		Description  string      `json:"error_description"`
	}
	err := json.Unmarshal(body, &said)
	switch {
	case status == http.StatusOK && err == nil && said.AccessToken != "":
	case status >= 400 && status < 500 && status != http.StatusTooManyRequests && status != http.StatusRequestTimeout && err == nil && said.Error != "":
		if said.Error == "temporarily_unavailable" || said.Error == "slow_down" {
			return Grant{}, fmt.Errorf("the token server asks for patience: %s", said.Error)
		}
		return Grant{}, &Refused{Code: oneLine(said.Error, 60), Text: oneLine(said.Description, 200)}
	case status == http.StatusOK:
		return Grant{}, errors.New("the token server's answer holds no token: is the token URL right?")
	default:
		return Grant{}, fmt.Errorf("the token server answers %d %s", status, http.StatusText(status))
	}
	if strings.ContainsAny(said.AccessToken, "\r\n\x00\x01 ") {
		return Grant{}, errors.New("the token server's token holds a line break or a blank")
	}
	g := Grant{Access: said.AccessToken, Refresh: said.RefreshToken, Lasts: usual}
	if seconds, err := said.ExpiresIn.Float64(); err == nil && seconds > 0 && seconds < 1e9 {
		g.Lasts = time.Duration(seconds) * time.Second
	}
	if g.Refresh == "" {
		g.Refresh = before
	}
	return g, nil
}

func oneLine(s string, most int) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// CheckURL refuses an address to which secrets must not be sent: one without TLS, but for this very machine.
func CheckURL(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return errors.New("use a URL such as https://login.example/token")
	}
	ip := net.ParseIP(u.Hostname())
	here := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme == "https" || u.Scheme == "http" && here {
		return nil
	}
	return errors.New("secrets are sent to https addresses only")
}
