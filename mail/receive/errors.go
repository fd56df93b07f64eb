package receive

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// Trouble says what a caller can do about an error.
type Trouble string

// The kinds of trouble.
const (
	// TroubleAuth: user name or password are refused. Trying again soon would lock the account: stop and tell.
	TroubleAuth Trouble = "auth"
	// TroubleLink: the connection could not be made, was lost or stalled. Dial again, with growing pauses.
	TroubleLink Trouble = "link"
	// TroubleBusy: the server asks for patience ([UNAVAILABLE], [INUSE], [LIMIT], BYE). Wait longer.
	TroubleBusy Trouble = "busy"
	// TroubleQuota: the account is full ([OVERQUOTA]); moving or marking fails, fetching works.
	TroubleQuota Trouble = "quota"
	// TroubleMissing: the folder does not exist, or not for this user. A person must mend the settings.
	TroubleMissing Trouble = "missing"
	// TroubleConfig: the settings make no sense (TLS mode, STARTTLS not offered, certificate not valid).
	TroubleConfig Trouble = "config"
	// TroubleRefused: the server said NO or BAD to something for another reason.
	TroubleRefused Trouble = "refused"
)

// Error is every error of this package but those of the context and of the caller's own function. It never holds a
// password.
type Error struct {
	Trouble Trouble
	// Doing is what was attempted, in words.
	Doing string
	Err   error
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %v", e.Doing, e.Err) }

func (e *Error) Unwrap() error { return e.Err }

// TroubleOf gives the kind of an error, TroubleLink for an unknown one, "" for none.
func TroubleOf(err error) Trouble {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Trouble
	}
	return TroubleLink
}

// ErrNotExpunged says that a mail to be moved (its copy lies in the target folder) or deleted is still there, marked
// \Deleted: without UIDPLUS it cannot be expunged without taking other people's deleted mails along.
var ErrNotExpunged = errors.New("marked as deleted and left there: the server cannot expunge a single mail")

// wrap classifies an error of the library.
func wrap(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return fmt.Errorf("%s: %w", doing, cause)
	}
	var known *Error
	if errors.As(err, &known) {
		return err
	}
	return &Error{Trouble: classify(err), Doing: doing, Err: err}
}

func classify(err error) Trouble {
	var status *imap.Error
	if !errors.As(err, &status) {
		return TroubleLink
	}
	switch status.Code {
	case imap.ResponseCodeAuthenticationFailed, imap.ResponseCodeAuthorizationFailed, imap.ResponseCodeExpired:
		return TroubleAuth
	case imap.ResponseCodeUnavailable, imap.ResponseCodeInUse, imap.ResponseCodeLimit, imap.ResponseCodeServerBug,
		imap.ResponseCodeContactAdmin:
		return TroubleBusy
	case imap.ResponseCodeOverQuota:
		return TroubleQuota
	case imap.ResponseCodeTryCreate, imap.ResponseCodeNonExistent, imap.ResponseCodeNoPerm:
		return TroubleMissing
	case imap.ResponseCodePrivacyRequired:
		return TroubleConfig
	}
	if status.Type == imap.StatusResponseTypeBye {
		return TroubleBusy
	}
	text := strings.ToLower(status.Text)
	for _, word := range []string{"too many", "try again", "temporar", "rate limit", "unavailable"} {
		if strings.Contains(text, word) {
			return TroubleBusy
		}
	}
	return TroubleRefused
}

// classifyLogin reads a NO to LOGIN without code as refused credentials, unless it speaks of something passing.
func classifyLogin(err error) Trouble {
	t := classify(err)
	if t == TroubleRefused {
		return TroubleAuth
	}
	return t
}
