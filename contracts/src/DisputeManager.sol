// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Payouts} from "./base/Payouts.sol";
import {Penalties} from "./base/Penalties.sol";
import {Filing} from "./disputes/Filing.sol";
import {Roster} from "./disputes/Roster.sol";
import {IDisputeManager} from "./interfaces/IDisputeManager.sol";

/// @title  DisputeManager
/// @notice See {IDisputeManager}. Deadlines are the stake vault's, whose thaw outlasts them. There is no pause.
contract DisputeManager is Roster, Filing {
    /// @dev `second` is the second-highest refund voted, silence counting as none: with three votes their median, which no
    ///      arbiter alone can move past what the two others voted.
    struct Panel {
        address[3] members;
        uint128 highest;
        uint128 second;
        uint256 votes;
        mapping(address arbiter => bool) hasVoted;
    }

    mapping(uint256 disputeId => mapping(bool appeal => Panel)) private _panels;

    constructor(address admin, Parameters memory p, address[] memory arbiters_)
        Payouts(admin, p.token, p.treasury)
        Penalties(p.vault, p.rewardBps)
        Filing(p)
        Roster(arbiters_)
    {}

    // ---------------------------------------------------------------------------------------------------- ruling

    /// @inheritdoc IDisputeManager
    function respond(uint256 disputeId, bytes32 answerHash) external {
        Dispute storage dispute = _disputes[disputeId];
        State state = dispute.state;
        if (state < State.Filed || state > State.Drawn) revert WrongState(disputeId, state);
        if (!_isRespondent(dispute)) revert NotAParty(disputeId, msg.sender);
        if (block.timestamp > dispute.deadline) revert DeadlineOver(dispute.deadline);
        emit DisputeAnswered(disputeId, msg.sender, answerHash);
        // The first answer ends the wait for one; the other party's still reaches the panel.
        if (state == State.Filed) _closeAnswer(disputeId, dispute, uint64(block.timestamp));
    }

    /// @inheritdoc IDisputeManager
    function drawPanel(uint256 disputeId) external returns (bool drawn) {
        Dispute storage dispute = _disputes[disputeId];
        if (dispute.state == State.Filed) {
            if (block.timestamp <= dispute.deadline) revert DeadlineOpen(dispute.deadline);
            _closeAnswer(disputeId, dispute, dispute.deadline);
            return false;
        }
        bool onAppeal = dispute.state == State.Appealed;
        if (!onAppeal && dispute.state != State.Answered) revert WrongState(disputeId, dispute.state);
        if (block.timestamp > dispute.deadline) revert DeadlineOver(dispute.deadline);
        if (block.number == dispute.drawBlock) revert DrawTooEarly(dispute.drawBlock);
        bytes32 blockHash = blockhash(dispute.drawBlock);
        if (blockHash == 0) {
            _arm(disputeId, dispute, onAppeal);
            return false;
        }

        address[3] memory panel =
            _draw(keccak256(abi.encode(blockHash, disputeId, onAppeal)), _excluded(disputeId, dispute));
        _panels[disputeId][onAppeal].members = panel;
        dispute.state = onAppeal ? State.AppealDrawn : State.Drawn;
        emit PanelDrawn(disputeId, onAppeal, panel, dispute.deadline);
        return true;
    }

    /// @inheritdoc IDisputeManager
    function rule(uint256 disputeId, uint128 refund, bytes32 reasonHash) external {
        Dispute storage dispute = _disputes[disputeId];
        bool onAppeal = dispute.state == State.AppealDrawn;
        if (!onAppeal && dispute.state != State.Drawn) revert WrongState(disputeId, dispute.state);
        if (block.timestamp > dispute.deadline) revert DeadlineOver(dispute.deadline);
        if (refund > dispute.amount) revert AmountTooLarge(refund, dispute.amount);
        if (dispute.kind == Kind.Withheld && refund != 0 && refund != dispute.amount) {
            revert NotAllOrNothing(refund, dispute.amount);
        }
        Panel storage panel = _panels[disputeId][onAppeal];
        _vote(panel, disputeId, refund);
        emit VoteCast(disputeId, msg.sender, refund, reasonHash);
        // Two alike are the median whatever the third one says.
        if (panel.votes == PANEL_SIZE || (panel.votes == 2 && panel.highest == panel.second)) {
            _close(disputeId, dispute, onAppeal, panel.second, uint64(block.timestamp));
        }
    }

    /// @inheritdoc IDisputeManager
    function appeal(uint256 disputeId) external nonReentrant {
        Dispute storage dispute = _disputes[disputeId];
        _closeOverdue(disputeId, dispute);
        if (dispute.state != State.Ruled) revert WrongState(disputeId, dispute.state);
        if (msg.sender != dispute.filer && !_isRespondent(dispute)) revert NotAParty(disputeId, msg.sender);
        if (block.timestamp > dispute.deadline) revert DeadlineOver(dispute.deadline);
        (dispute.state, dispute.appellant, dispute.appealBond) = (State.Appealed, msg.sender, appealBond);
        dispute.deadline = uint64(block.timestamp) + appealRuleSeconds;
        emit DisputeAppealed(disputeId, msg.sender, appealBond);
        _arm(disputeId, dispute, true);
        _takeBond(appealBond);
    }

    // ------------------------------------------------------------------------------------------------- execution

    /// @inheritdoc IDisputeManager
    function execute(uint256 disputeId) external nonReentrant returns (uint128 refunded) {
        bool hasJustRuled = _closeOverdue(disputeId, _disputes[disputeId]);
        Dispute memory dispute = disputeOf(disputeId);
        State state = dispute.state;
        if (state >= State.Executed) revert WrongState(disputeId, state);
        if (state != State.AppealRuled) {
            // A panel that nobody drew has the time that it would have had.
            uint64 openUntil = state == State.Filed ? dispute.deadline + ruleSeconds : dispute.deadline;
            if (block.timestamp <= openUntil) {
                // Ruled by time in this call, which stands: from here on everybody sees what can be appealed.
                if (hasJustRuled) return 0;
                revert DeadlineOpen(openUntil);
            }
        }

        uint128 ruled = state == State.AppealRuled ? dispute.appealRefund : dispute.refund;
        State closed = state < State.Ruled ? State.Lapsed : ruled > 0 ? State.Executed : State.Dismissed;
        _disputes[disputeId].state = closed;
        delete liveDispute[dispute.subject][dispute.kind];

        refunded =
            dispute.kind == Kind.Withheld ? _carryOutWithheld(dispute, ruled) : _carryOut(disputeId, dispute, ruled);
        _payBond(closed == State.Dismissed ? treasury : dispute.filer, dispute.bond);
        _payBond(_keepsAppealBond(dispute, state) ? dispute.appellant : treasury, dispute.appealBond);
        emit DisputeClosed(disputeId, closed, refunded);
    }

    // ----------------------------------------------------------------------------------------------------- views

    /// @inheritdoc IDisputeManager
    function disputeOf(uint256 disputeId) public view returns (Dispute memory) {
        if (_disputes[disputeId].state == State.None) revert UnknownDispute(disputeId);
        return _disputes[disputeId];
    }

    /// @inheritdoc IDisputeManager
    function panelOf(uint256 disputeId, bool appealPanel) external view returns (address[3] memory) {
        return _panels[disputeId][appealPanel].members;
    }

    // ------------------------------------------------------------------------------------------------- internals

    function _closeAnswer(uint256 disputeId, Dispute storage dispute, uint64 answeredAt) private {
        dispute.state = State.Answered;
        dispute.deadline = answeredAt + ruleSeconds;
        _arm(disputeId, dispute, false);
    }

    function _arm(uint256 disputeId, Dispute storage dispute, bool onAppeal) private {
        dispute.drawBlock = uint64(block.number);
        emit DrawArmed(disputeId, onAppeal, uint64(block.number));
    }

    /// @dev Records the caller's vote.
    function _vote(Panel storage panel, uint256 disputeId, uint128 refund) private {
        bool isMember;
        for (uint256 i = 0; i < PANEL_SIZE; ++i) {
            if (panel.members[i] == msg.sender) isMember = true;
        }
        // Whoever was taken off the roster no longer judges, nor whoever became a party since the draw.
        if (!isMember || !_isArbiter(msg.sender) || _isRespondent(_disputes[disputeId])) {
            revert NotOnPanel(disputeId, msg.sender);
        }
        if (panel.hasVoted[msg.sender]) revert AlreadyVoted(disputeId, msg.sender);
        panel.hasVoted[msg.sender] = true;
        ++panel.votes;
        if (refund > panel.highest) (panel.highest, panel.second) = (refund, panel.highest);
        else if (refund > panel.second) panel.second = refund;
    }

    /// @dev A panel of which one member was silent has ruled all the same when its time is over: it refunds what both
    ///      others would at least. Else silence of one would undo what two agree on.
    function _closeOverdue(uint256 disputeId, Dispute storage dispute) private returns (bool hasRuled) {
        bool onAppeal = dispute.state == State.AppealDrawn;
        if ((!onAppeal && dispute.state != State.Drawn) || block.timestamp <= dispute.deadline) return false;
        uint128 agreed = _panels[disputeId][onAppeal].second;
        if (agreed == 0) return false;
        _close(disputeId, dispute, onAppeal, agreed, dispute.deadline);
        return true;
    }

    function _close(uint256 disputeId, Dispute storage dispute, bool onAppeal, uint128 refund, uint64 closedAt)
        private
    {
        if (onAppeal) {
            (dispute.state, dispute.appealRefund) = (State.AppealRuled, refund);
        } else {
            (dispute.state, dispute.refund, dispute.deadline) = (State.Ruled, refund, closedAt + appealSeconds);
        }
        emit DisputeRuled(disputeId, onAppeal, refund);
    }

    function _carryOut(uint256 disputeId, Dispute memory dispute, uint128 ruled) private returns (uint128) {
        vault.unlock(dispute.providerId, dispute.locked);
        unchecked {
            // What {_hold} added for this dispute.
            heldOf[_paymentOf(dispute)] -= dispute.frozen + dispute.locked;
            heldOf[dispute.subject] -= dispute.frozen + dispute.locked;
        }
        if (ruled > 0) return _refund(disputeId, dispute, ruled);
        if (dispute.frozen > 0) _unfreeze(dispute, dispute.frozen);
        return 0;
    }

    function _carryOutWithheld(Dispute memory dispute, uint128 ruled) private returns (uint128 slashed) {
        vault.unlock(dispute.lane, dispute.locked);
        if (ruled == 0) return 0;
        (slashed,) = _punish(dispute.lane, ruled, dispute.filer);
        refundedOf[dispute.subject] += slashed;
    }

    function _keepsAppealBond(Dispute memory dispute, State state) private pure returns (bool) {
        if (state != State.AppealRuled) return true;
        return dispute.appellant == dispute.filer
            ? dispute.appealRefund > dispute.refund
            : dispute.appealRefund < dispute.refund;
    }

    function _isArbiter(address account) internal view override(Filing, Roster) returns (bool) {
        return Roster._isArbiter(account);
    }

    function _isRespondent(Dispute storage dispute) private view returns (bool) {
        return msg.sender == _ownerOf(dispute.lane) || msg.sender == _ownerOf(dispute.providerId);
    }

    /// @dev Nobody judges its own case, nor the appeal from its own ruling.
    function _excluded(uint256 disputeId, Dispute storage dispute) private view returns (address[] memory excluded) {
        address[3] memory earlier = _panels[disputeId][false].members;
        excluded = new address[](6);
        (excluded[0], excluded[1], excluded[2]) = (earlier[0], earlier[1], earlier[2]);
        excluded[3] = dispute.filer;
        excluded[4] = _ownerOf(dispute.lane);
        excluded[5] = _ownerOf(dispute.providerId);
    }

    function _ownerOf(bytes32 subject) private view returns (address) {
        return registry.ownerOfSubject(subject);
    }
}
