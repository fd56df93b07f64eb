package api

import (
	"context"
	"time"

	"duradesk/ticket"
)

// SavedView is a list that somebody keeps.
type SavedView struct {
	Key, Owner, Name string
	Q, Sort          string // Q is the grammar of package find
	Columns          []string
	Shared           bool // everybody sees it, each with his own rights and himself as "me"
}

// SavedViews keeps them.
type SavedViews interface {
	// SavedViews lists those of an agent, and those that others share.
	SavedViews(ctx context.Context, agent string) ([]SavedView, error)
	// SavedView returns one that the agent may see; ticket.NotFound where there is none.
	SavedView(ctx context.Context, agent, key string) (SavedView, error)
	// AddSavedView keeps a new one; a taken key is a ticket.Conflict.
	AddSavedView(ctx context.Context, v SavedView) (SavedView, error)
	// ChangeSavedView writes one anew.
	ChangeSavedView(ctx context.Context, v SavedView) (SavedView, error)
	// DropSavedView takes one away.
	DropSavedView(ctx context.Context, key string) error
}

// ClientFile is what the desk knows of a client.
type ClientFile struct {
	ticket.Client
	Organisation string // whose tickets he sees with full access; "": none
	Language     string
	Notes        string // for colleagues
	Identities   []ClientIdentity
	MergedInto   string // id of the file that this one went into
	Tickets      int    // in the desks asked for, at most CountCap
	CreatedAt    time.Time
}

// ClientIdentity is one thing by which a client is known. Kind: mail, phone, number, external, login.
type ClientIdentity struct{ Kind, Value string }

// ClientChange is what is changed of a file; nil leaves as it is.
type ClientChange struct {
	Name, Email, Phone, Number, Language, Notes *string
	Identities                                  *[]ClientIdentity
}

// Clients keeps their files. desks are those of the asker, nil for all: other people's clients do not exist for him.
type Clients interface {
	// Clients lists those that hold all words of q, from after an id on, and where to go on ("": that was all).
	Clients(ctx context.Context, q string, desks []string, after string, limit int) ([]ClientFile, string, error)
	// ClientFile returns one; ticket.NotFound where there is none.
	ClientFile(ctx context.Context, id string, desks []string) (ClientFile, error)
	// ChangeClient changes a file; what belongs to another client is a ticket.Conflict.
	ChangeClient(ctx context.Context, id string, change ClientChange) error
	// MergeClients puts one file into another.
	MergeClients(ctx context.Context, from, into string) error
}
