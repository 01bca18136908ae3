"""What columns of event tables are called, in the words of the stores there are. Data only; the order within a field says nothing.

From the tables of event stores and outboxes (Python, Ruby, .NET, Java, Elixir, Go, Rust, PHP). Read `sql_guess` for the use.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

NAMES: Mapping[str, frozenset[str]] = {
    field: frozenset(words.split())
    for field, words in {
        "position": "globalposition position seq sequence sequenceid seqid ordering globalindex globalsequence offset eventoffset "
        "checkpointnumber checkpoint notificationid no eventnumber globalseq rowno logposition serial",
        "stream": "streamid stream streamname streamuuid aggregateid aggregateidentifier aggregaterootid originatorid "
        "persistenceid entityid streamidoriginal objectid subject aggregate aggregateuuid businesskey",
        "version": "version streamversion streamposition streamrevision aggregateversion aggregatesequencenumber sequencenumber "
        "originatorversion playhead revision seqnr seqno eventversion position sequence versionnumber",
        "type": "type eventtype eventname messagetype topic payloadtype reason name kind event eventclass typename messagename action",
        "time": "time timestamp createdat created createdutc occurredat occurredon recordedon recordedat insertedat eventtime "
        "happenedat writetimestamp ts commitstamp validat publishedat loggedat date datetime creationdate dbtimestamp "
        "raisedat at",
        "value": "data payload body state event eventdata messagedata jsondata content document eventpayload eventjson message "
        "serializedevent value json details blob",
        "metadata": "metadata meta headers messagemetadata jsonmetadata eventmetadata customheaders context header attributes",
        "id": "eventid id messageid uuid eventidentifier identifier guid eventuuid eventguid",
        "correlation_id": "correlationid correlation traceid correlationuuid conversationid requestid",
        "causation_id": "causationid causation causeid causedby parentid causationuuid parenteventid",
        "category": "category streamtype aggregatetype entitytype streamcategory aggregatename aggregateclass",
        "schema_version": "schemaversion eventschemaversion payloadrevision typeversion messageschemaversion dataversion",
        "actor": "actor userid username user performedby createdby author operator principal",
    }.items()
}
"""Field → names without case, `_`, `-` and spaces."""
TABLES = re.compile(r"event|message|journal|log|history|audit|outbox|commit", re.IGNORECASE)
"""What tables of events are called."""


def folded(name: str) -> str:
    """A name without case and marks: `Stream_ID`, `streamId` and `stream-id` are one."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def likeness(field: str, name: str) -> float:
    """How much a column's name speaks for a field: 1 for a name of it, 0.4 for one that ends or begins with such a name, or 0."""
    plain, known = folded(name), NAMES[field]
    if plain in known:
        return 1.0
    longer = [word for word in known if len(word) > 3 and (plain.endswith(word) or plain.startswith(word))]
    return 0.4 if longer else 0.0
