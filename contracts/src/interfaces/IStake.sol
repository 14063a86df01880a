// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What the owner of a machine has at risk. Deposited by him, or earned: anybody adds to it in his name. A slash is a leaf of the
/// final slash root of an epoch: announced, then appealed or not, then executed. The victim gets at most what he paid on that lease, the
/// rest is burnt. Amounts are the token's smallest unit.
/// @dev Warning: whether a slash is just is not decided here. Who posts the root, whom nobody disputes, and the arbiter together take at
/// most the caps: `MACHINE_CAP_PPM` of a machine's stake and `ROOT_CAP_PPM` of all stake, an epoch.
/// @dev Warning: what has cooled down may be withdrawn at any later instant, also as a slash of it is being posted. Whoever asks how much
/// an owner has at risk counts `staked` less `unstaking`.
/// @dev Warning: a deposit belongs to the named owner at once; who names the wrong one has given it away.
interface IStake {
    /// @notice One slash of an epoch, as it stands in the root.
    struct Leaf {
        uint256 epoch;
        /// Distinguishes leaves that are otherwise the same.
        uint256 index;
        bytes32 machine;
        address owner;
        uint128 amount;
        /// Who was let down; zero for nobody.
        address victim;
        bytes32 lease;
        /// What the victim paid on that lease, in this token.
        uint128 paid;
        /// Hash of the statements that show it.
        bytes32 evidence;
    }

    struct Position {
        /// All that can be slashed, the unstaking part included.
        uint128 staked;
        uint128 unstaking;
        /// When `unstaking` may be withdrawn, in seconds.
        uint64 unstakesAt;
        /// Announced slashes, which cannot be withdrawn meanwhile.
        uint128 frozen;
    }

    enum Stage {
        None,
        Announced,
        Appealed,
        Executed,
        Void
    }

    struct Slash {
        Stage stage;
        /// Until when it may be appealed; after an appeal, until when the arbiter may decide.
        uint64 deadline;
        uint128 amount;
        address appellant;
        uint128 bond;
    }

    event Staked(bytes32 indexed machine, address indexed owner, address from, uint256 amount);
    event Unstaking(bytes32 indexed machine, address indexed owner, uint128 amount, uint64 unstakesAt);
    event Unstaked(bytes32 indexed machine, address indexed owner, address to, uint256 amount);
    event Announced(bytes32 indexed id, bytes32 indexed machine, address indexed owner, uint256 amount, uint64 appealableUntil);
    event Appealed(bytes32 indexed id, address indexed appellant, uint128 bond, uint64 decidableUntil);
    event Executed(bytes32 indexed id, address indexed victim, uint256 compensation, uint256 burnt);
    event Voided(bytes32 indexed id);
    event Collected(address indexed payee, address to, uint256 amount);
    event Burnt(uint256 amount);

    error NoOwner();
    error NotReceived(uint256 expected, uint256 received);
    error TooMuchHeld(uint256 held, uint256 amount);
    error NotStaked(uint256 amount, uint256 free);
    error StillUnstaking(uint64 unstakesAt, uint256 now_);
    error SlashingPaused();
    error RootNotOpen(uint256 epoch, uint256 finalEpoch);
    error InvalidProof();
    error WrongStage(bytes32 id, Stage stage);
    error TooLate(uint64 deadline, uint256 now_);
    error TooEarly(uint64 deadline, uint256 now_);
    error NothingToSlash(bytes32 machine, address owner);
    error NotArbiter(address caller);
    error CapAboveWhole(uint256 ppm);

    /// @notice Adds the caller's tokens to what `owner` has at risk with `machine`; anybody. A token that delivers less is refused.
    function deposit(bytes32 machine, address owner, uint256 amount) external;

    /// @notice Starts taking `amount` more back; the caller's own. The cooldown starts anew for everything that is unstaking, and it
    /// can be slashed until it is withdrawn.
    function unstake(bytes32 machine, uint128 amount) external;

    /// @notice Lets everything that is unstaking stay; the caller's own.
    function cancelUnstake(bytes32 machine) external;

    /// @notice Sends what has cooled down, less what is frozen; the caller's own. The frozen rest can be withdrawn later.
    function withdraw(bytes32 machine, address to) external returns (uint256 amount);

    /// @notice Announces a leaf of a final slash root; anybody. Only the announced amount freezes: the leaf's, within the caps and
    /// what the owner has.
    /// @dev A leaf can be announced while its epoch is one of the last EPOCHS_OPEN final ones, and once; then it has lapsed.
    function announce(Leaf calldata leaf, bytes32[] calldata proof) external;

    /// @notice Appeals an announced slash and puts the bond down; anybody, until the deadline.
    function appeal(bytes32 id) external;

    /// @notice Decides an appeal until the deadline; the arbiter only. If the slash stands, the bond is burnt; else it goes back.
    function decide(Leaf calldata leaf, bool stands) external;

    /// @notice Executes a slash that nobody appealed in time; anybody.
    function execute(Leaf calldata leaf) external;

    /// @notice Voids an appealed slash on which the arbiter was silent; anybody. The bond goes back.
    function voidSlash(Leaf calldata leaf) external;

    /// @notice Sends what the caller is owed, as victim or appellant, to `to`.
    function collect(address to) external returns (uint256 amount);

    /// @notice Burns what slashes and bonds have left to burn; anybody. Of a token that cannot be burnt it is sent to BURN_ADDRESS.
    function burn() external returns (uint256 amount);

    function positionOf(bytes32 machine, address owner) external view returns (Position memory position);

    function slashOf(bytes32 id) external view returns (Slash memory slash);

    /// @notice The leaf as it stands in the tree: bound to this chain and contract.
    function leafId(Leaf calldata leaf) external view returns (bytes32 id);
}
