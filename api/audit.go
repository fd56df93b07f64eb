package api

import (
	"context"
	"maps"
	"net/http"

	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
)

// auditNames are what the audit log calls an operation; what else changes something under the scope admin is called
// setting.changed.
var auditNames = map[string]string{
	"createToken": "token.made", "deleteToken": "token.revoked", "createAgent": "agent.made", "changeAgent": "agent.changed", "deleteAgent": "agent.removed",
	"setClientAccess": "client.access", "mergeClient": "client.merge", "endSession": "session.revoked", "endSessions": "session.revoked", "changePassword": "password.changed",
	"enrolFactor": "factor.begun", "confirmFactor": "factor.made", "removeFactor": "factor.removed", "renewRecoveryCodes": "factor.codes",
}

const keyAudit = "audit"

// detail adds to what the audit log says of the present operation. Texts of tickets and secrets never belong here.
func detail(c *gin.Context, subject string, more map[string]any) {
	c.Set(keyAudit, AuditEntry{Subject: subject, Detail: more})
}

// audited lets the operation act; what changed something under the scope admin, or is named, is written into the log.
func (s *server) audited(c *gin.Context, op operation) {
	c.Next()
	action, named := auditNames[op.id]
	if !named && (rights[op.id].scope != scopeAdmin || c.Request.Method == http.MethodGet) || c.Writer.Status() >= http.StatusBadRequest {
		return
	}
	given, _ := c.Get(keyAudit)
	e, _ := given.(AuditEntry)
	more := maps.Clone(e.Detail)
	if more == nil {
		more = map[string]any{}
	}
	if !named {
		action, more["operation"] = "setting.changed", op.id
	}
	if e.Subject == "" {
		e.Subject = c.Request.URL.Path
	}
	s.note(c, action, e.Subject, more)
}

// note writes into the audit log what the asker did. It does not end when he hangs up.
func (s *server) note(c *gin.Context, action, subject string, detail map[string]any) {
	s.noteBy(c, askerOf(c).actor().Key(), action, subject, detail)
}

func (s *server) noteBy(c *gin.Context, actor, action, subject string, detail map[string]any) {
	ctx, done := context.WithTimeout(context.WithoutCancel(c.Request.Context()), portTime)
	defer done()
	e := AuditEntry{Actor: actor, Action: action, Subject: subject, Address: c.ClientIP(), Detail: detail}
	if err := s.Identity.NoteAudit(ctx, e); err != nil {
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
	found, err := s.Identity.Audit(ctx, AuditQuery{Actor: value(q.Actor), Action: value(q.Action), Subject: value(q.Subject), Before: before, Limit: limit + 1})
	if err != nil {
		s.told(c, err)
		return
	}
	out := openapi.AuditList{}
	found, out.NextCursor = onePage(found, limit, func(e AuditEntry) int64 { return e.ID })
	out.Items = make([]openapi.AuditEntry, len(found))
	for i, e := range found {
		out.Items[i] = openapi.AuditEntry{Id: e.ID, At: e.At.UTC(), Actor: e.Actor, Action: e.Action, Subject: e.Subject, Address: e.Address, Detail: e.Detail}
		if e.Detail == nil {
			out.Items[i].Detail = map[string]any{}
		}
	}
	answer(c, http.StatusOK, out)
}
