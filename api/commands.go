package api

import (
	"github.com/gin-gonic/gin"

	"duradesk/api/openapi"
	"duradesk/ticket"
)

// Each command has a route of its own, so that the document can say what it takes.

func (s *server) ClientReply(c *gin.Context, n openapi.Number, _ openapi.ClientReplyParams) {
	s.command(c, n, ticket.ClientReply)
}

func (s *server) AgentResponse(c *gin.Context, n openapi.Number, _ openapi.AgentResponseParams) {
	s.command(c, n, ticket.AgentResponse)
}

func (s *server) HoldTicket(c *gin.Context, n openapi.Number, _ openapi.HoldTicketParams) {
	s.command(c, n, ticket.Hold)
}

func (s *server) ResolveTicket(c *gin.Context, n openapi.Number, _ openapi.ResolveTicketParams) {
	s.command(c, n, ticket.Resolve)
}

func (s *server) EscalateTicket(c *gin.Context, n openapi.Number, _ openapi.EscalateTicketParams) {
	s.command(c, n, ticket.Escalate)
}

func (s *server) AssignTicket(c *gin.Context, n openapi.Number, _ openapi.AssignTicketParams) {
	s.command(c, n, ticket.Assign)
}

func (s *server) AddNote(c *gin.Context, n openapi.Number, _ openapi.AddNoteParams) {
	s.command(c, n, ticket.Note)
}

func (s *server) CloseTicket(c *gin.Context, n openapi.Number, _ openapi.CloseTicketParams) {
	s.command(c, n, ticket.Close)
}

func (s *server) RestoreTicket(c *gin.Context, n openapi.Number, _ openapi.RestoreTicketParams) {
	s.command(c, n, ticket.Restore)
}

func (s *server) DeleteTicket(c *gin.Context, n openapi.Number, _ openapi.DeleteTicketParams) {
	s.command(c, n, ticket.Delete)
}
