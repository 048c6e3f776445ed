"""Carries out what an operator asks for; who may ask is for the road to know.

Whatever was changed is durable, and holds in this process, when the answer is there.
"""

from typing import TYPE_CHECKING, assert_never

from broker import vitals
from broker.office import agents, erasing, importing, keys, library, webhooks
from broker.office.passwords import Busy
from broker.office.requests import (
    AddAgent,
    AddKey,
    AddSite,
    AnyAnswer,
    AnyRequest,
    Audit,
    Audited,
    ChangeAgent,
    Denied,
    EraseProfile,
    ExportProfile,
    ImportSite,
    LookAtVitals,
    MintToken,
    PutArticles,
    RemoveKey,
    ReplayWebhook,
)
from broker.wire.errors import Code
from storage.deeds import OPERATOR
from storage.errors import Unwritable

if TYPE_CHECKING:
    from broker.server import Broker


async def carry_out(
    broker: "Broker", ask: AnyRequest, *, by: str = OPERATOR
) -> AnyAnswer | Denied:
    """Return what `ask` has come to; what was done is noted as done by `by`."""
    try:
        match ask:
            case MintToken():
                return await keys.mint_token(broker, ask, by=by)
            case AddSite():
                return await keys.add_site(broker, ask, by=by)
            case ImportSite():
                return await importing.import_site(broker, ask, by=by)
            case AddKey():
                return await keys.add_key(broker, ask, by=by)
            case RemoveKey():
                return await keys.remove_key(broker, ask, by=by)
            case AddAgent():
                return await agents.add_agent(broker, ask, by=by)
            case ChangeAgent():
                return await agents.change_agent(broker, ask, by=by)
            case PutArticles():
                return await library.put_articles(broker, ask, by=by)
            case Audit():
                findings = await broker.sweeper.sweep()
                return Audited(findings + broker.sweeper.idle())
            case LookAtVitals():
                return vitals.taken(broker)
            case ReplayWebhook():
                return await webhooks.replay_webhook(broker, ask, by=by)
            case EraseProfile():
                return await erasing.erase_profile(broker, ask, by=by)
            case ExportProfile():
                return await erasing.note_export(broker, ask, by=by)
            case _:
                assert_never(ask)
    except Unwritable as error:
        return Denied(Code.UNAVAILABLE, str(error))
    except Busy:
        return Denied(Code.UNAVAILABLE, "Too many passwords are looked at just now.")
