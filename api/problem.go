package api

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/ticket"
)

// kind of a problem: the end of its type, /problems/<kind>. Promised to the outside: never renamed.
type kind string

const (
	invalidQuery kind = "invalid-query"
	unauthorized kind = "unauthorized"
	forbidden    kind = "forbidden"
	notFound     kind = "not-found"
	unknownRoute kind = "unknown-route"
	wrongMethod  kind = "wrong-method"
	conflict     kind = "conflict"
	refused      kind = "refused"
	stale        kind = "stale"
	failed       kind = "failed"
	tooLarge     kind = "too-large"
	wrongType    kind = "wrong-type"
	invalid      kind = "invalid"
	idReused     kind = "id-reused"
	internal     kind = "internal"
	storeAway    kind = "store-away"
	tooManyKind  kind = "too-many-requests"
	crossOrigin  kind = "cross-origin"
	secondFactor kind = "second-factor"
	idpAway      kind = "identity-provider-away"
	tookTooLong  kind = "took-too-long"
)

var statusOf = map[kind]int{
	invalidQuery: http.StatusBadRequest,
	unauthorized: http.StatusUnauthorized,
	forbidden:    http.StatusForbidden,
	notFound:     http.StatusNotFound,
	unknownRoute: http.StatusNotFound,
	wrongMethod:  http.StatusMethodNotAllowed,
	conflict:     http.StatusConflict,
	refused:      http.StatusConflict,
	stale:        http.StatusConflict,
	failed:       http.StatusConflict,
	tooLarge:     http.StatusRequestEntityTooLarge,
	wrongType:    http.StatusUnsupportedMediaType,
	invalid:      http.StatusUnprocessableEntity,
	idReused:     http.StatusUnprocessableEntity,
	internal:     http.StatusInternalServerError,
	storeAway:    http.StatusServiceUnavailable,
	tooManyKind:  http.StatusTooManyRequests,
	crossOrigin:  http.StatusForbidden,
	secondFactor: http.StatusForbidden,
	idpAway:      http.StatusBadGateway,
	tookTooLong:  http.StatusUnprocessableEntity, // asked again it takes as long: what is asked for has to change
}

// problem is an answer that says no. Texts come from the catalog; said is used where the catalog has no entry.
type problem struct {
	kind   kind
	detail string            // catalog key under "detail.", the kind's own where empty
	said   string            // plain English from a port
	args   map[string]string // placeholders of the detail
	terms  map[string]string // likewise; their values are catalog keys, said in the language of the answer
	faults []fault
	after  time.Duration // when it is worth to try again; 0: not told
}

// tooMany says when to come again.
func tooMany(wait time.Duration) problem {
	seconds := int((wait + time.Second - 1) / time.Second)
	return problem{kind: tooManyKind, after: wait}.with("seconds", itoa(seconds))
}

func (p problem) with(name, value string) problem {
	p.args = maps.Clone(p.args)
	if p.args == nil {
		p.args = map[string]string{}
	}
	p.args[name] = value
	return p
}

// fail answers with the problem and ends the handlers.
func (s *server) fail(c *gin.Context, p problem) {
	lang := s.language(c)
	body := openapi.Problem{
		Type: "/problems/" + string(p.kind), Title: s.texts.say(lang, "title."+string(p.kind), nil), Status: statusOf[p.kind],
		Detail: some(s.detailOf(lang, p)), RequestId: c.GetString(keyRequestID),
	}
	if len(p.faults) > 0 {
		body.Errors = ptr(s.fieldErrors(lang, p.faults))
	}
	if p.kind == storeAway {
		c.Header("Retry-After", "1")
	}
	if p.after > 0 {
		c.Header("Retry-After", itoa(int((p.after+time.Second-1)/time.Second)))
	}
	writeProblem(c, body.Status, lang, body)
}

func (s *server) detailOf(lang string, p problem) string {
	key := "detail." + string(p.kind)
	if p.detail != "" {
		key = "detail." + p.detail
	}
	if p.said != "" && (p.detail == "" || !s.texts.has(key)) {
		return p.said
	}
	for name, term := range p.terms {
		p = p.with(name, s.texts.say(lang, term, nil))
	}
	return s.texts.say(lang, key, p.args)
}

func writeProblem(c *gin.Context, status int, lang string, body any) {
	c.Header("Content-Language", lang)
	write(c, status, "application/problem+json; charset=utf-8", body)
	c.Abort()
}

// problemOf sorts an error of a port: what a person may see is told, the rest is logged once and kept.
func (s *server) problemOf(c *gin.Context, err error) problem {
	var told *ticket.Error
	switch {
	case errors.Is(err, ErrTooLong): // before the deadline by which it was found out
		s.Log.WarnContext(c.Request.Context(), "list took too long", "error", err, "route", c.FullPath(), "request_id", c.GetString(keyRequestID))
		return problem{kind: tookTooLong}.with("seconds", itoa(int(portTime/time.Second)))
	case errors.Is(err, ErrStoreAway), errors.Is(err, context.DeadlineExceeded):
		s.Log.WarnContext(c.Request.Context(), "store away", "error", err, "request_id", c.GetString(keyRequestID))
		return s.storeAway(c)
	case errors.Is(err, context.Canceled) && c.Request.Context().Err() != nil:
		return s.storeAway(c) // nobody listens any more
	case errors.As(err, &told):
		return problemTold(told)
	}
	s.Log.ErrorContext(c.Request.Context(), "request failed", "error", err, "route", c.FullPath(), "request_id", c.GetString(keyRequestID))
	return problem{kind: internal}
}

// storeAway says of a command, wherever it got stuck, that the same id tells what became of it.
func (s *server) storeAway(c *gin.Context) problem {
	p := problem{kind: storeAway}
	if op, ok := s.operation(c); ok && rights[op.id].scope == scopeAct {
		p.detail = "store_away_command"
	}
	return p
}

func problemTold(e *ticket.Error) problem {
	switch e.Code {
	case ticket.NotFound:
		return problem{kind: notFound}
	case ticket.Forbidden:
		return problem{kind: forbidden, detail: e.Key, said: e.Message}
	case ticket.Conflict:
		return problem{kind: conflict, detail: e.Key, said: e.Message}
	case ticket.TooLarge:
		return problem{kind: tooLarge, detail: e.Key, said: e.Message}
	case ticket.Newer: // an older door meets what a newer program wrote: the newer one will answer
		return problem{kind: storeAway}
	case ticket.Invalid:
		return problemOfFaults([]fault{{pointer: e.Field, code: e.Key, said: e.Message, args: e.Args}})
	}
	return problem{kind: internal}
}

// told answers an error of a port.
func (s *server) told(c *gin.Context, err error) { s.fail(c, s.problemOf(c, err)) }

// toldQuery is told for lists, where what is wrong can only be the cursor.
func (s *server) toldQuery(c *gin.Context, err error) {
	if ticket.CodeOf(err) == ticket.Invalid {
		s.fail(c, badCursor())
		return
	}
	s.told(c, err)
}

// portTime is how long one look at the store may take; then it counts as away, or a list as too long (ErrTooLong).
const portTime = 10 * time.Second

func budget(c *gin.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(c.Request.Context(), portTime)
}

// GetProblemType explains a type, so that it can be followed like the address it is.
func (s *server) GetProblemType(c *gin.Context, name string) {
	status, ok := statusOf[kind(name)]
	if !ok {
		s.fail(c, problem{kind: notFound})
		return
	}
	lang := s.language(c)
	c.Header("Content-Language", lang)
	answer(c, http.StatusOK, openapi.ProblemType{
		Type: "/problems/" + name, Status: status,
		Title: s.texts.say(lang, "title."+name, nil), Description: s.texts.say(lang, "about."+name, nil),
	})
}

func ptr[T any](v T) *T { return &v }

// some is a text that is there; nil for the empty one.
func some[T ~string](v T) *T {
	if v == "" {
		return nil
	}
	return &v
}
