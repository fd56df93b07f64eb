package api

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/ticket"
)

// settingChanged is what the audit log calls every operation that changes something under the scope admin and has no name
// below; nobody is who is not signed in.
const (
	settingChanged = "setting.changed"
	nobody         = "nobody"
)

// auditNames are what the audit log calls an operation.
var auditNames = map[string]string{
	"createToken": "token.made", "deleteToken": "token.revoked", "createAgent": "agent.made", "changeAgent": "agent.changed", "deleteAgent": "agent.removed",
	"setClientAccess": "client.access", "mergeClient": "client.merge", "endSession": "session.revoked", "endSessions": "session.revoked", "changePassword": "password.changed",
	"enrolFactor": "factor.begun", "confirmFactor": "factor.made", "removeFactor": "factor.removed", "renewRecoveryCodes": "factor.codes",
}

// silent are operations under the scope admin that change nothing here: what they say is tried out and forgotten.
var silent = []string{"tryTemplate", "testMailbox"}

// actionOf is what the audit log calls an operation; "" for one that it does not speak of.
func actionOf(operation, method string) string {
	if action, named := auditNames[operation]; named {
		return action
	}
	if rights[operation].scope != scopeAdmin || method == http.MethodGet || slices.Contains(silent, operation) {
		return ""
	}
	return settingChanged
}

// AuditedOperations lists those, by their ids in the document, whose changes the audit log speaks of, in order.
func AuditedOperations() []string {
	var out []string
	for route, op := range theDocument().operations {
		if method, _, _ := strings.Cut(route, " "); actionOf(op.id, method) != "" {
			out = append(out, op.id)
		}
	}
	slices.Sort(out)
	return out
}

// audited lets the operation act with a line for the audit log in its context: the record writes it in the transaction
// of the change.
func (s *server) audited(c *gin.Context, op operation) {
	if action := actionOf(op.id, c.Request.Method); action != "" {
		e := s.entry(c, askerOf(c).actor().Key(), action, c.Request.URL.Path, nil)
		if action == settingChanged {
			e.Detail["operation"] = op.id
		}
		c.Request = c.Request.WithContext(noting(c.Request.Context(), e))
	}
	c.Next()
	s.furnished(c)
}

func (s *server) entry(c *gin.Context, actor, action, subject string, more map[string]any) *ticket.AuditEntry {
	if more == nil {
		more = map[string]any{}
	}
	return &ticket.AuditEntry{Actor: actor, Action: action, Subject: subject, Address: c.ClientIP(), Detail: more}
}

// noting has the next change under this context write the line; with nil, what is done is not what the operation's own
// line speaks of.
func noting(ctx context.Context, e *ticket.AuditEntry) context.Context {
	return context.WithValue(ctx, ticket.Noting{}, e)
}

// detail adds to what the audit log will say of what is done under this context. It must stand before the change.
func detail(ctx context.Context, subject string, more map[string]any) {
	if e, _ := ctx.Value(ticket.Noting{}).(*ticket.AuditEntry); e != nil {
		e.Subject = subject
		maps.Copy(e.Detail, more)
	}
}

// note writes into the audit log what changed nothing in the record: that somebody was refused. It does not end when he
// hangs up.
func (s *server) note(c *gin.Context, actor, action, subject string, more map[string]any) {
	ctx, done := context.WithTimeout(context.WithoutCancel(c.Request.Context()), portTime)
	defer done()
	if err := s.Identity.NoteAudit(ctx, *s.entry(c, actor, action, subject, more)); err != nil {
		s.Log.ErrorContext(ctx, "not written into the audit log", "action", action, "actor", actor, "subject", subject, "error", err)
	}
}

// ListAudit pages through the audit log, newest first.
func (s *server) ListAudit(c *gin.Context, q openapi.ListAuditParams) {
	before, limit, ok := s.paged(c, q.Cursor, q.Limit)
	if !ok {
		return
	}
	ctx, done := budget(c)
	defer done()
	found, err := s.Identity.Audit(ctx, ticket.AuditQuery{Actor: value(q.Actor), Action: value(q.Action), Subject: value(q.Subject), Before: before, Limit: limit + 1})
	if err != nil {
		s.told(c, err)
		return
	}
	out := openapi.AuditList{}
	found, out.NextCursor = onePage(found, limit, func(e ticket.AuditEntry) int64 { return e.ID })
	out.Items = make([]openapi.AuditEntry, len(found))
	for i, e := range found {
		out.Items[i] = openapi.AuditEntry{Id: e.ID, At: e.At.UTC(), Actor: e.Actor, Action: e.Action, Subject: e.Subject, Address: e.Address, Detail: e.Detail}
		if e.Detail == nil {
			out.Items[i].Detail = map[string]any{}
		}
	}
	answer(c, http.StatusOK, out)
}
