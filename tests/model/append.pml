/*
 * The append protocol, small enough to be explored exhaustively: append, find, torn frames, seal, roll, remove.
 *
 * A frame is two cells, its header and its trailer: 2 * f and 2 * f + 1. An append is one write under the file's lock,
 * seen by others cell by cell; a full disk splits it into two writes with other appends in between, or a kill ends it
 * half-way. Every read of a file is a separate step, and anything may happen between two of them.
 *
 * Remedies that can be taken out; without any of them, the checker must find a broken promise:
 *   -DONE_LOOK     a reader that found what follows does not read the torn frame again
 *   -DHEADER_ONLY  a writer that finds its header concludes that its frame was stored
 *   -DNO_QUESTION  a writer creates the next segment without checking that its own is still the last
 */
#define SEGMENTS 3
#define CELLS (2 * FRAMES)
#define FRAMES 8
#ifndef FULL
#define FULL 3 /* cells after which a writer seals */
#endif
#define NONE 15

#define isHeader(c) ((c) != 0 && (c) % 2 == 0)
#define at(s, o) cells[(s) * CELLS + (o)]

byte cells[SEGMENTS * CELLS];
byte size[SEGMENTS], base[SEGMENTS];
bool locked[SEGMENTS], exists[SEGMENTS], removed[SEGMENTS], again[SEGMENTS];
byte frames = 1;         /* the next frame's number */
bool isSeal[FRAMES + 1], confirmed[FRAMES + 1], seen[FRAMES + 1];
byte idOf[FRAMES + 1], frameOf[FRAMES + 1];
byte cuts = CUTS, working = 2;

/* A process learns the id of a frame: every process must always see the same one. */
inline tell(f, i) {
  d_step {
    assert(idOf[f] == NONE || idOf[f] == i);
    assert(frameOf[i] == NONE || frameOf[i] == f);
    idOf[f] = i; frameOf[i] = f;
  }
}

/* What is at an offset: FRAME, GAP, END (a seal) or TAIL, and where the next entry begins. */
mtype = { FRAME, GAP, END, TAIL };
inline search(s, from) {
  d_step {
    next = from;
    do
    :: next >= size[s] || isHeader(at(s, next)) -> break
    :: else -> next++
    od
  }
}
inline step(s, o) {
  first = (o < size[s] -> at(s, o) : 0);
  if
  :: first == 0 -> result = TAIL
  :: isHeader(first) ->
    second = (o + 1 < size[s] -> at(s, o + 1) : 0);
    if
    :: second == first + 1 -> next = o + 2
    :: else ->
      search(s, o + 1);
      if
      :: next >= size[s] -> result = TAIL; goto looked
      :: else -> skip
      fi;
#ifndef ONE_LOOK
      second = at(s, o + 1);
#endif
      if
      :: second == first + 1 -> next = o + 2
      :: else -> result = GAP; goto looked
      fi
    fi;
    result = (isSeal[first / 2] -> END : FRAME)
  :: else ->
    search(s, o + 1);
    result = (next >= size[s] -> TAIL : GAP)
  fi;
looked:
  skip
}

inline put(s, c) { d_step { at(s, size[s]) = c; size[s]++ } }
inline take(s) { atomic { !locked[s] -> locked[s] = true } }

/* The last existing segment, as a listing shows it. */
inline last(s) {
  d_step { s = SEGMENTS - 1; do :: s > 0 && !exists[s] -> s-- :: else -> break od }
}

proctype Writer(byte events) {
  byte s, f, o, i, first, second, next; mtype result; bool wanted, sealing;
open:
  last(s); o = 0; i = base[s];
  do
  :: step(s, o);
    if
    :: result == FRAME -> o = next; i++
    :: result == GAP -> o = next
    :: result == TAIL -> break
    :: result == END -> goto roll
    fi
  od;
push:
  if :: events == 0 && !sealing -> goto done :: else -> skip fi;
  sealing = o >= FULL && s < SEGMENTS - 1 && i > base[s];
  if :: frames > FRAMES -> goto done :: else -> skip fi;
  d_step { f = frames; frames++; isSeal[f] = sealing }
  /* The append. */
  take(s); put(s, 2 * f);
  if
  :: put(s, 2 * f + 1); locked[s] = false
  :: cuts > 0 -> cuts--; locked[s] = false;
    if
    :: take(s); put(s, 2 * f + 1); locked[s] = false
    :: goto done /* killed */
    fi
  fi;
  /* Find the frame. */
#ifdef HEADER_ONLY
  if :: at(s, o) == 2 * f -> next = o + 2; goto landed :: else -> skip fi;
#else
  if :: at(s, o) == 2 * f && at(s, o + 1) == 2 * f + 1 -> next = o + 2; goto landed :: else -> skip fi;
#endif
  do
  :: step(s, o);
    if
    :: result == FRAME && first == 2 * f -> goto landed
    :: result == FRAME && first != 2 * f -> o = next; i++
    :: result == GAP -> o = next
    :: result == TAIL -> goto push /* split in two: append again */
    :: result == END -> goto roll
    fi
  od;
landed:
  if
  :: sealing -> goto roll
  :: else -> tell(f, i); confirmed[f] = true; o = next; i++; events--; goto push
  fi;
roll: /* The seal at o fixes the first id of the next segment, and its name. */
  sealing = false;
  wanted = true;
#ifndef NO_QUESTION
  d_step { wanted = exists[s]; for (first : 0 .. SEGMENTS - 1) { if :: first > s && exists[first] -> wanted = false :: else -> skip fi } }
#endif
  atomic {
    if
    :: wanted && !exists[s + 1] ->
      if
      :: removed[s + 1] -> again[s + 1] = true /* a segment created again: it is empty, and never the last */
#ifdef NO_QUESTION
        ; assert(false)
#endif
      :: else -> base[s + 1] = i
      fi;
      exists[s + 1] = true
    :: else -> skip
    fi
  };
  goto open;
done:
  working--
}

/* Removes sealed segments from the front. */
proctype Retention() {
  byte s = 0;
  do
  :: s < SEGMENTS - 1 && exists[s] && exists[s + 1] -> d_step { exists[s] = false; removed[s] = true; s++ }
  :: break
  od
}

/* Follows the log from its beginning, through files that it has opened. */
proctype Reader() {
  byte s, o, i, first, second, next; mtype result; bool finishing;
  do
  :: step(s, o);
    if
    :: result == FRAME -> tell(first / 2, i); seen[first / 2] = true; o = next; i++
    :: result == GAP -> o = next
    :: result == END && exists[s + 1] && !again[s + 1] -> s++; assert(base[s] == i); o = 0
    :: else -> /* Nothing more yet. Once all writers are done, one more read is final. */
      if
      :: finishing -> break
      :: working == 0 -> finishing = true
      :: result == END && removed[s + 1] -> goto known /* it learns that the segment was removed */
      fi
    fi
  od;
  for (first : 1 .. FRAMES) { assert(!confirmed[first] || seen[first]) }
known:
  skip
}

init {
  atomic {
    for (frames : 0 .. FRAMES) { idOf[frames] = NONE; frameOf[frames] = NONE }
    frames = 1; exists[0] = true;
    run Writer(EVENTS); run Writer(MORE);
#ifdef RETENTION
    run Retention()
#else
    run Reader()
#endif
  }
}
