package api

import (
	"context"

	"github.com/gin-gonic/gin"
)

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
