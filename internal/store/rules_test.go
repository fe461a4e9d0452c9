package store

import (
	"errors"
	"strings"
	"testing"

	"github.com/parley-chat/parley/protocol"
)

var (
	ada       = protocol.User{ID: "u1", Name: "ada"}
	grace     = protocol.User{ID: "u2", Name: "grace"}
	moderator = protocol.User{ID: "u3", Name: "linus", Role: RoleModerator}
	nobody    = protocol.User{Name: "ada"}

	bodies = NewBodies([]byte("secret"))
)

// room is a ledger: 10 events at most at 1,000 ms. Ada sent 1, 2 (with the key k1;
// edited by 5) and 3 (deleted by 6, with the key k2), nobody sent 4. Grace put an owl
// on 1 by 7, and read up to 8. Message 10 has 50 different emoji.
type room struct{ err error }

func (r room) Standing() Standing {
	return Standing{Head: 10, Time: 1000, Topic: "tea", TopicSet: Stamp{9, 900}, Life: "two"}
}

func (r room) Message(seq protocol.Seq) (Message, error) {
	return map[protocol.Seq]Message{
		1:  {User: "u1", Text: "one", Latest: Stamp{1, 100}},
		2:  {User: "u1", Text: "two, edited", Latest: Stamp{5, 500}},
		3:  {User: "u1", Deleted: true, Latest: Stamp{6, 600}},
		4:  {User: "", Text: "four", Latest: Stamp{4, 400}},
		10: {User: "u1", Text: "ten", Latest: Stamp{10, 1000}},
	}[seq], r.err
}

func (r room) Keyed(user, key string) (Stamp, Body, error) {
	switch {
	case user == "u1" && key == "k1":
		return Stamp{2, 200}, bodies.Of("two", 0), r.err
	case user == "u1" && key == "k2":
		return Stamp{3, 300}, bodies.Of("three", 1), r.err
	}
	return Stamp{}, Body{}, r.err
}

func (r room) Reaction(target protocol.Seq, user, emoji string) (Stamp, error) {
	if target == 1 && user == "u2" && emoji == "🦉" {
		return Stamp{7, 700}, r.err
	}
	return Stamp{}, r.err
}

func (r room) OtherEmoji(target protocol.Seq, emoji string) (int, error) {
	switch {
	case target == 10 && emoji == "🦉": // one of them
		return protocol.MaxEmoji - 1, r.err
	case target == 10:
		return protocol.MaxEmoji, r.err
	}
	return 0, r.err
}

func (r room) Mark(user string) (protocol.Seq, error) {
	if user == "u2" {
		return 8, r.err
	}
	return 0, r.err
}

// An outcome is what is wanted of a draft: a new event, one of before, or a refusal.
type outcome struct {
	new    bool
	before Stamp
	code   protocol.Code
}

var drafts = map[string]struct {
	draft Draft
	want  outcome
}{
	"a message":                                {Draft{Kind: protocol.KindMessage, User: nobody, Text: "hi"}, outcome{new: true}},
	"with a new key":                           {Draft{Kind: protocol.KindMessage, User: ada, Text: "two", Key: "k3"}, outcome{new: true}},
	"with another's key":                       {Draft{Kind: protocol.KindMessage, User: grace, Text: "two", Key: "k1"}, outcome{new: true}},
	"again, and it was edited since":           {Draft{Kind: protocol.KindMessage, User: ada, Text: "two", Key: "k1"}, outcome{before: Stamp{2, 200}}},
	"again, as it was edited":                  {Draft{Kind: protocol.KindMessage, User: ada, Text: "two, edited", Key: "k1"}, outcome{code: protocol.CodeKeyReused}},
	"again, and it was deleted since":          {Draft{Kind: protocol.KindMessage, User: ada, Text: "three", ReplyTo: 1, Key: "k2"}, outcome{before: Stamp{3, 300}}},
	"again, as a reply to another":             {Draft{Kind: protocol.KindMessage, User: ada, Text: "three", ReplyTo: 2, Key: "k2"}, outcome{code: protocol.CodeKeyReused}},
	"again, as no reply":                       {Draft{Kind: protocol.KindMessage, User: ada, Text: "three", Key: "k2"}, outcome{code: protocol.CodeKeyReused}},
	"a reply":                                  {Draft{Kind: protocol.KindMessage, User: ada, Text: "hi", ReplyTo: 1}, outcome{new: true}},
	"a reply to a deleted message":             {Draft{Kind: protocol.KindMessage, User: ada, Text: "hi", ReplyTo: 3}, outcome{new: true}},
	"a reply to nothing":                       {Draft{Kind: protocol.KindMessage, User: ada, Text: "hi", ReplyTo: 11}, outcome{code: protocol.CodeNotFound}},
	"a reply to an edit":                       {Draft{Kind: protocol.KindMessage, User: ada, Text: "hi", ReplyTo: 5}, outcome{code: protocol.CodeNotFound}},
	"an edit":                                  {Draft{Kind: protocol.KindEdit, User: ada, Target: 1, Text: "1"}, outcome{new: true}},
	"an edit that changes nothing":             {Draft{Kind: protocol.KindEdit, User: ada, Target: 1, Text: "one"}, outcome{before: Stamp{1, 100}}},
	"an edit again":                            {Draft{Kind: protocol.KindEdit, User: ada, Target: 2, Text: "two, edited"}, outcome{before: Stamp{5, 500}}},
	"an edit of another's":                     {Draft{Kind: protocol.KindEdit, User: grace, Target: 1, Text: "1"}, outcome{code: protocol.CodeForbidden}},
	"a moderator's edit of another's":          {Draft{Kind: protocol.KindEdit, User: moderator, Target: 1, Text: "1"}, outcome{code: protocol.CodeForbidden}},
	"an edit of nobody's by nobody":            {Draft{Kind: protocol.KindEdit, User: nobody, Target: 4, Text: "4"}, outcome{code: protocol.CodeForbidden}},
	"an edit of a deleted message":             {Draft{Kind: protocol.KindEdit, User: ada, Target: 3, Text: "3"}, outcome{code: protocol.CodeNotFound}},
	"another's edit of a deleted message":      {Draft{Kind: protocol.KindEdit, User: grace, Target: 3, Text: "3"}, outcome{code: protocol.CodeNotFound}},
	"an edit of nothing":                       {Draft{Kind: protocol.KindEdit, User: ada, Text: "0"}, outcome{code: protocol.CodeNotFound}},
	"a delete":                                 {Draft{Kind: protocol.KindDelete, User: ada, Target: 2}, outcome{new: true}},
	"a delete again":                           {Draft{Kind: protocol.KindDelete, User: ada, Target: 3}, outcome{before: Stamp{6, 600}}},
	"a delete of another's":                    {Draft{Kind: protocol.KindDelete, User: grace, Target: 1}, outcome{code: protocol.CodeForbidden}},
	"a delete of another's that is gone":       {Draft{Kind: protocol.KindDelete, User: grace, Target: 3}, outcome{code: protocol.CodeForbidden}},
	"a moderator's delete":                     {Draft{Kind: protocol.KindDelete, User: moderator, Target: 1}, outcome{new: true}},
	"an admin's delete":                        {Draft{Kind: protocol.KindDelete, User: protocol.User{ID: "u4", Role: RoleAdmin}, Target: 4}, outcome{new: true}},
	"a delete of nothing":                      {Draft{Kind: protocol.KindDelete, User: moderator, Target: 11}, outcome{code: protocol.CodeNotFound}},
	"a reaction":                               {Draft{Kind: protocol.KindReact, User: ada, Target: 1, Emoji: "🦉"}, outcome{new: true}},
	"a reaction again":                         {Draft{Kind: protocol.KindReact, User: grace, Target: 1, Emoji: "🦉"}, outcome{before: Stamp{7, 700}}},
	"a reaction to a deleted message":          {Draft{Kind: protocol.KindReact, User: grace, Target: 3, Emoji: "🦉"}, outcome{code: protocol.CodeNotFound}},
	"a reaction to a reaction":                 {Draft{Kind: protocol.KindReact, User: grace, Target: 7, Emoji: "🦉"}, outcome{code: protocol.CodeNotFound}},
	"one more emoji than a message may have":   {Draft{Kind: protocol.KindReact, User: grace, Target: 10, Emoji: "🚀"}, outcome{code: protocol.CodeTooMany}},
	"an emoji that a full message has already": {Draft{Kind: protocol.KindReact, User: grace, Target: 10, Emoji: "🦉"}, outcome{new: true}},
	"an emoji off":                             {Draft{Kind: protocol.KindUnreact, User: grace, Target: 1, Emoji: "🦉"}, outcome{new: true}},
	"another's emoji off":                      {Draft{Kind: protocol.KindUnreact, User: ada, Target: 1, Emoji: "🦉"}, outcome{code: protocol.CodeNotFound}},
	"a topic":                                  {Draft{Kind: protocol.KindTopic, User: grace, Text: "cake"}, outcome{new: true}},
	"no topic":                                 {Draft{Kind: protocol.KindTopic, User: grace}, outcome{new: true}},
	"the topic again":                          {Draft{Kind: protocol.KindTopic, User: grace, Text: "tea"}, outcome{before: Stamp{9, 900}}},
	"an edit made in another life":             {Draft{Kind: protocol.KindEdit, User: ada, Target: 1, Text: "1", Life: "one"}, outcome{code: protocol.CodeNotFound}},
	"an edit made in this one":                 {Draft{Kind: protocol.KindEdit, User: ada, Target: 1, Text: "1", Life: "two"}, outcome{new: true}},
	"a delete made in another life":            {Draft{Kind: protocol.KindDelete, User: moderator, Target: 1, Life: "one"}, outcome{code: protocol.CodeNotFound}},
	"a mark made in another life":              {Draft{Kind: KindRead, User: ada, Target: 3, Life: "one"}, outcome{code: protocol.CodeNotFound}},
	"a reply made in another life":             {Draft{Kind: protocol.KindMessage, User: ada, Text: "hi", ReplyTo: 1, Life: "one"}, outcome{code: protocol.CodeNotFound}},
	"a message made in another life":           {Draft{Kind: protocol.KindMessage, User: ada, Text: "hi", Life: "one"}, outcome{new: true}},
	"a topic made in another life":             {Draft{Kind: protocol.KindTopic, User: grace, Text: "cake", Life: "one"}, outcome{new: true}},
	"one sent again from another life":         {Draft{Kind: protocol.KindMessage, User: ada, Text: "two", Key: "k1", Life: "one"}, outcome{before: Stamp{2, 200}}},
	"a mark":                                   {Draft{Kind: KindRead, User: ada, Target: 3}, outcome{before: Stamp{Seq: 3}}},
	"a mark behind the one of before":          {Draft{Kind: KindRead, User: grace, Target: 3}, outcome{before: Stamp{Seq: 8}}},
	"a mark beyond the head":                   {Draft{Kind: KindRead, User: grace, Target: 99}, outcome{before: Stamp{Seq: 10}}},
}

func TestWhatBecomesOfADraft(t *testing.T) {
	for name, tt := range drafts {
		t.Run(name, func(t *testing.T) {
			tt.draft.Room = "lobby"
			r, err := Decide(&tt.draft, bodies.Of(tt.draft.Text, tt.draft.ReplyTo), 1234, room{})
			if err != nil {
				t.Fatal(err)
			}
			got := outcome{new: r.New, before: Stamp{r.Event.Seq, r.Event.TS}}
			if r.Err != nil {
				got.code = r.Err.Code
			}
			if r.New {
				got.before = Stamp{}
			}
			if got != tt.want {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestANewEventIsTheNextOfItsLog(t *testing.T) {
	d := Draft{Room: "lobby", Kind: protocol.KindMessage, User: moderator, Text: "hi", Key: "k9", ReplyTo: 2}
	for now, ts := range map[int64]int64{1234: 1234, 5: 1000} { // a slow clock
		r, err := Decide(&d, Body{}, now, room{})
		want := protocol.Event{Room: "lobby", Seq: 11, TS: ts, Kind: protocol.KindMessage, User: protocol.User{ID: "u3", Name: "linus"}, Text: "hi", Key: "k9", ReplyTo: 2}
		if err != nil || r != (Result{Event: want, New: true}) {
			t.Errorf("%+v, %v; want %+v", r, err, want)
		}
	}
}

func TestALedgerThatFailsDecidesNothing(t *testing.T) {
	broken := errors.New("broken")
	for name, tt := range drafts {
		if tt.draft.Kind == protocol.KindTopic || tt.draft.Kind == protocol.KindMessage && tt.draft.Key == "" && tt.draft.ReplyTo == 0 {
			continue // it need not look anything up
		}
		if tt.draft.Life == "one" && tt.draft.Key == "" {
			continue // nor what there is of another life
		}
		if r, err := Decide(&tt.draft, Body{}, 0, room{broken}); !errors.Is(err, broken) || r.New {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	if _, err := Decide(&Draft{Kind: "other"}, Body{}, 0, room{}); err == nil {
		t.Error("a draft of an unknown kind is decided")
	}
}

func TestABodyStandsForATextAndWhatItAnswers(t *testing.T) {
	seen := map[Body]string{}
	long := strings.Repeat("long ", 1000)
	for _, secret := range []string{"a", "b"} {
		b := NewBodies([]byte(secret))
		for _, text := range []string{"", "x", long, long + "x"} {
			for _, replyTo := range []protocol.Seq{0, 1, 1 << 40} {
				body := b.Of(text, replyTo)
				if was, there := seen[body]; there {
					t.Errorf("%.10q to %d is as %s", text, replyTo, was)
				}
				seen[body] = text
				if NewBodies([]byte(secret)).Of(text, replyTo) != body {
					t.Errorf("%.10q to %d is not always the same", text, replyTo)
				}
			}
		}
	}
}
