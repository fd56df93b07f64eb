package api

import (
	"context"
	"io"

	"duradesk/ticket"
)

// Drafts keeps what agents have begun to write. which is the name of a command (the agent's own) or an id.
type Drafts interface {
	// Drafts lists the agent's own, and of one ticket those that others share; with number 0 his own of all tickets.
	Drafts(ctx context.Context, agent string, n ticket.Number) ([]ticket.Draft, error)
	// Draft finds one that the agent may read; ticket.NotFound where there is none.
	Draft(ctx context.Context, agent string, n ticket.Number, which string) (ticket.Draft, error)
	// SaveDraft writes the agent's own: of its kind, or with an ID that one; ticket.NotFound where the id or a file is none
	// of his.
	SaveDraft(ctx context.Context, d ticket.Draft) (ticket.Draft, error)
	// DropDraft takes the agent's own away; ticket.NotFound where there is none.
	DropDraft(ctx context.Context, agent string, n ticket.Number, which string) error
	// NamedDraftFile tells what a file of a draft is that the agent may read; ticket.NotFound where there is none.
	NamedDraftFile(ctx context.Context, agent string, n ticket.Number, id string) (ticket.Attachment, error)
	// DraftFile opens a file of a draft that the agent may read; ticket.NotFound where there is none. ctx must last until it
	// is closed.
	DraftFile(ctx context.Context, agent string, n ticket.Number, id string) (ticket.Attachment, io.ReadSeekCloser, error)
}

// Uploads keeps files that wait for the message that they will go with. by is the key of the actor who sent them.
type Uploads interface {
	// KeepUpload stores a file whose type, size and hash are known; ticket.TooLarge where too much of his waits already.
	KeepUpload(ctx context.Context, u ticket.Upload, content io.ReadSeeker) (ticket.Upload, error)
	// Upload finds one of his own that still waits; ticket.NotFound where there is none.
	Upload(ctx context.Context, by, id string) (ticket.Upload, error)
	// OpenUpload opens one, as Upload; ctx must last until it is closed.
	OpenUpload(ctx context.Context, by, id string) (ticket.Attachment, io.ReadSeekCloser, error)
}

// Letters tells how mails to clients read.
type Letters interface {
	// Preview returns what the mail would be composed from if a command of that kind took the message of that agent to
	// the client now; without recipients where the client has no address. ticket.NotFound for no such ticket.
	Preview(ctx context.Context, n ticket.Number, k ticket.Kind, agent string, m ticket.NewMessage) (ticket.Mail, error)
	// ForbiddenFor lists the words that must not stand in a mail of that desk.
	ForbiddenFor(ctx context.Context, desk string) ([]Forbidden, error)
}

// Forbidden is a word that must not stand in a mail to a client (N50).
type Forbidden struct {
	Word, Action string // action: warn, block
	Note         string // what to write instead
}

// Habits keeps how members of staff hear of what concerns them, and how they have their lists laid out.
type Habits interface {
	StaffSettings(ctx context.Context, agent string) (ticket.StaffSettings, error)
	// SetStaffSettings stores them; ticket.Invalid where mail would go to a mailbox of the desk itself.
	SetStaffSettings(ctx context.Context, agent string, s ticket.StaffSettings) error
	// ListLook returns how an agent has his lists laid out, the default where he chose none.
	ListLook(ctx context.Context, agent string) (ticket.ListLook, error)
	SetListLook(ctx context.Context, agent string, l ticket.ListLook) error
}
