package post

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"duradesk/webhook"
)

// Bounds of one request.
const (
	usualTimeout = 15 * time.Second
	mostAnswer   = 64 << 10 // bytes read of an answer, so that the connection can be used again
)

// Config says whom to call.
type Config struct {
	Allowed webhook.Hosts // may be called wherever they lead
	Timeout time.Duration // of one request with its answer; 0: 15 s
	Now     func() time.Time
	// Lookup finds the addresses of a name, for tests; nil: as the machine does.
	Lookup *net.Resolver
}

// Client posts.
type Client struct {
	http *http.Client
	now  func() time.Time
}

// New returns a client that dials public addresses only, whatever names lead to, and follows no redirects.
func New(c Config) *Client {
	if c.Timeout == 0 {
		c.Timeout = usualTimeout
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	d := &door{allowed: c.Allowed, any: net.Dialer{Timeout: 10 * time.Second, Resolver: c.Lookup}}
	d.public = d.any
	d.public.Control = onlyPublic
	transport := &http.Transport{
		Proxy:       nil, // one of the environment would be dialled instead of what was checked
		DialContext: d.dial, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 16, IdleConnTimeout: 90 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second, MaxResponseHeaderBytes: 64 << 10,
	}
	return &Client{now: c.Now, http: &http.Client{
		Transport: transport, Timeout: c.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// door dials.
type door struct {
	allowed     webhook.Hosts
	any, public net.Dialer
}

func (d *door) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if d.allowed.Allow(host, port) {
		return d.any.DialContext(ctx, network, addr)
	}
	return d.public.DialContext(ctx, network, addr)
}

// onlyPublic looks at the very address that is about to be connected to, after every name was resolved.
func onlyPublic(_, addr string, _ syscall.RawConn) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || !webhook.Public(ip) {
		return fmt.Errorf("%s: %w", host, webhook.ErrAddress)
	}
	return nil
}

// Answer is what came back.
type Answer struct {
	Status int    // of HTTP; 0: nobody answered
	Error  string // why not, without the address' secrets
	// Unanswered says that the request left, at least in part, and no answer came: the receiver may have it.
	Unanswered bool
	Wait       time.Duration // asked for by Retry-After
	Took       time.Duration
}

// OK tells whether the receiver has it: 2xx, nothing else.
func (a Answer) OK() bool { return a.Status >= 200 && a.Status < 300 }

// Post sends a body, signed with each of the secrets. The id stays the same however often it is sent.
func (c *Client) Post(ctx context.Context, url, id string, secrets []string, body []byte) Answer {
	began := c.now()
	a := c.post(ctx, url, id, secrets, body, began)
	a.Took = c.now().Sub(began)
	return a
}

func (c *Client) post(ctx context.Context, url, id string, secrets []string, body []byte, at time.Time) Answer {
	signature, err := webhook.Sign(secrets, id, at, body)
	if err != nil {
		return Answer{Error: err.Error()}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return Answer{Error: "the address cannot be called"}
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Duradesk")
	r.Header.Set(webhook.HeaderID, id)
	r.Header.Set(webhook.HeaderTimestamp, strconv.FormatInt(at.Unix(), 10))
	r.Header.Set(webhook.HeaderSignature, signature)
	var left atomic.Bool
	r = r.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { left.Store(true) }}))
	got, err := c.http.Do(r)
	if err != nil {
		return Answer{Error: reason(err), Unanswered: left.Load()}
	}
	defer func() { _ = got.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(got.Body, mostAnswer)) // what it says is of no use
	a := Answer{Status: got.StatusCode}
	if !a.OK() {
		a.Error = "answered " + strconv.Itoa(got.StatusCode)
		if got.StatusCode >= 300 && got.StatusCode < 400 {
			a.Error += ": redirects are not followed"
		}
		if s, err := strconv.Atoi(got.Header.Get("Retry-After")); err == nil && s > 0 {
			a.Wait = time.Duration(min(s, 86400)) * time.Second
		}
	}
	return a
}

// reason leaves out the URL, which may hold a secret in its path.
func reason(err error) string {
	var timeout net.Error
	var op *net.OpError
	var dns *net.DNSError
	switch {
	case errors.Is(err, webhook.ErrAddress):
		return webhook.ErrAddress.Error()
	case errors.As(err, &dns):
		return "the name is not known: " + dns.Name
	case errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nobody listens there"
	case errors.As(err, &op):
		return "the connection failed: " + op.Op
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection broke before an answer"
	default:
		return "no proper answer"
	}
}
