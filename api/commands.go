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

func (s *server) ClassifyTicket(c *gin.Context, n openapi.Number, _ openapi.ClassifyTicketParams) {
	s.command(c, n, ticket.Classify)
}

func (s *server) ClientVerdict(c *gin.Context, n openapi.Number, _ openapi.ClientVerdictParams) {
	s.command(c, n, ticket.ClientVerdict)
}

func (s *server) MergeTicket(c *gin.Context, n openapi.Number, _ openapi.MergeTicketParams) {
	s.command(c, n, ticket.Merge)
}

func (s *server) UnmergeTicket(c *gin.Context, n openapi.Number, _ openapi.UnmergeTicketParams) {
	s.command(c, n, ticket.Unmerge)
}

func (s *server) LinkTicket(c *gin.Context, n openapi.Number, _ openapi.LinkTicketParams) {
	s.command(c, n, ticket.LinkTo)
}

func (s *server) RecallTicket(c *gin.Context, n openapi.Number, _ openapi.RecallTicketParams) {
	s.command(c, n, ticket.Recall)
}

func (s *server) MakePromise(c *gin.Context, n openapi.Number, _ openapi.MakePromiseParams) {
	s.command(c, n, ticket.Promise)
}

func (s *server) GiveFeedback(c *gin.Context, n openapi.Number, _ openapi.GiveFeedbackParams) {
	s.command(c, n, ticket.Feedback)
}

func (s *server) SplitMessage(c *gin.Context, n openapi.Number, _ openapi.SplitMessageParams) {
	s.command(c, n, ticket.Split)
}

func (s *server) MoveMessage(c *gin.Context, n openapi.Number, _ openapi.MoveMessageParams) {
	s.command(c, n, ticket.Move)
}

func (s *server) WithdrawMessage(c *gin.Context, n openapi.Number, _ openapi.WithdrawMessageParams) {
	s.command(c, n, ticket.Withdraw)
}
