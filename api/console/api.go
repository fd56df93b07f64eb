package console

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"golang.org/x/sync/errgroup"

	"duradesk/api/openapi"
)

// problem is an answer of the API that says no, in the person's language.
type problem struct {
	Type      string                 `json:"type"`
	Title     string                 `json:"title"`
	Status    int                    `json:"status"`
	Detail    string                 `json:"detail"`
	RequestID string                 `json:"request_id"`
	Errors    []openapi.FieldError   `json:"errors"`
	Receipt   *openapi.Receipt       `json:"receipt"`
	Unseen    []openapi.TimelineItem `json:"unseen"`
	DraftID   string                 `json:"draft_id"`
}

func (p *problem) Error() string { return fmt.Sprintf("%d %s", p.Status, p.Type) }

// carried are the headers by which the API knows who asks, and whether the request came from our own pages.
var carried = []string{
	"Authorization", "Cookie", "Origin", "Sec-Fetch-Site", "User-Agent", "X-Forwarded-For", "X-Forwarded-Proto", "X-Request-Id",
}

// ask calls an operation of the API inside the process, as the person who is on visit. A body that is nil is none; into
// takes the answer. What the API refuses is a *problem.
func (v *visit) ask(method, path string, body, into any) error {
	_, err := v.call(v.r.Context(), method, path, body, into)
	return err
}

func (v *visit) get(path string, into any) error { return v.ask(http.MethodGet, path, nil, into) }

func (v *visit) call(ctx context.Context, method, path string, body, into any) (http.Header, error) {
	var content io.Reader = http.NoBody
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("write the body of %s: %w", path, err)
		}
		content = bytes.NewReader(raw)
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://"+v.r.Host+"/api/v1"+path, content)
	if err != nil {
		return nil, fmt.Errorf("ask for %s: %w", path, err)
	}
	for _, name := range carried {
		if values := v.r.Header.Values(name); len(values) > 0 {
			request.Header[name] = values
		}
	}
	request.Header.Set("Accept-Language", v.lang)
	request.Header.Set("Content-Type", "application/json")
	request.RemoteAddr, request.TLS = v.r.RemoteAddr, v.r.TLS
	said := &answer{header: http.Header{}}
	v.c.API.ServeHTTP(said, request)
	if said.status >= http.StatusBadRequest {
		return said.header, said.problem()
	}
	if into != nil && said.body.Len() > 0 {
		if err := json.Unmarshal(said.body.Bytes(), into); err != nil {
			return said.header, fmt.Errorf("read what %s answered: %w", path, err)
		}
	}
	return said.header, nil
}

// answer keeps what a handler says.
type answer struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

func (a *answer) problem() error {
	p := &problem{}
	if err := json.Unmarshal(a.body.Bytes(), p); err != nil {
		return fmt.Errorf("the API answered %d with something unreadable: %w", a.status, err)
	}
	return p
}

// statusOf tells what kind of no it was; 0 for any other error.
func statusOf(err error) int {
	var p *problem
	if errors.As(err, &p) {
		return p.Status
	}
	return 0
}

// together asks several things at once; the first error ends it.
func together(asks ...func() error) error {
	var g errgroup.Group
	for _, ask := range asks {
		g.Go(ask)
	}
	return g.Wait()
}
