"""Answers to the exercises of lesson 06: right ones that differ from the solution, and plausible wrong ones."""

RIGHT = {
    "06.1": [
        "padding_48, padding_47 = [1, 2], [2, 2]",
        """
def missing(side, kernel, stride):
    return int(np.ceil(side / stride) - 1) * stride + kernel - side

padding_48, padding_47 = (np.array([m // 2, m - m // 2]) for m in (missing(48, 5, 2), missing(47, 5, 2)))
""",
        """
from collections import namedtuple

Rows = namedtuple("Rows", "before after")
padding_48, padding_47 = Rows(1, 2), Rows(before=2, after=2)
""",
        "padding_48, padding_47 = torch.tensor([1, 2]), range(2, 4, 1)[:1] and (np.int8(2), 2.0)",
        "import pandas as pd\npadding_48, padding_47 = pd.Series([1, 2], index=[10, 11]), pd.Index([2, 2])",
    ],
    "06.2": [
        """
def to_torch(kernel, dense, height, width, channels):
    order = np.arange(height * width * channels).reshape(height, width, channels)
    order = np.moveaxis(order, -1, 0).ravel()
    return np.einsum("hwio->oihw", kernel), dense[order].T
""",
        """
def to_torch(kernel, dense, height, width, channels):
    kernel = torch.tensor(kernel).permute(3, 2, 0, 1)
    dense = torch.tensor(dense).T.reshape(-1, height, width, channels)
    return [kernel.contiguous(), dense.permute(0, 3, 1, 2).flatten(1)]
""",
        """
def to_torch(kernel, dense, height, width, channels):
    columns = []
    for c in range(channels):
        for y in range(height):
            for x in range(width):
                columns.append(dense[(y * width + x) * channels + c])
    out = [[kernel[:, :, i, o] for i in range(kernel.shape[2])] for o in range(kernel.shape[3])]
    return np.array(out), np.stack(columns, axis=1).astype(np.float32)
""",
        """
def to_torch(kernel, dense, height, width, channels):
    places = dense.reshape(-1, channels, dense.shape[1])  # a place stays whole, so its two axes may stay one
    return np.ascontiguousarray(kernel.transpose(3, 2, 0, 1)), places.transpose(2, 1, 0).reshape(dense.shape[::-1])
""",
        """
def to_torch(kernel, dense, height, width, channels):
    conv = nn.Conv2d(kernel.shape[2], kernel.shape[3], kernel.shape[:2], bias=False).double()
    conv.weight.data = torch.from_numpy(kernel).permute(3, 2, 0, 1)
    linear = torch.tensor(dense).T.unflatten(1, (height, width, channels)).permute(0, 3, 1, 2).flatten(1)
    return conv.weight, nn.Parameter(linear)
""",
        """
from collections import namedtuple

Weights = namedtuple("Weights", "kernel dense")

def to_torch(kernel, dense, height, width, channels):
    order = np.arange(len(dense)).reshape(-1, channels).T.ravel()
    return Weights(np.rollaxis(np.rollaxis(kernel, 3), 3, 1), np.asfortranarray(dense[order].T))
""",
        """
def to_torch(kernel, dense, height, width, channels):
    units = dense.shape[1]
    moved = np.einsum("yxcu->ucyx", dense.reshape(height, width, channels, units))
    return [torch.einsum("hwio->oihw", torch.tensor(kernel)), moved.reshape(units, -1)]
""",
    ],
    "06.6": [
        """
def first_difference(ours, theirs, atol):
    for stage in range(len(ours)):
        a, b = ours[stage], theirs[stage]
        if b.ndim == 4:
            b = np.moveaxis(b, 1, -1)
        if a.shape != b.shape or not np.allclose(a, b, rtol=0, atol=atol):
            return stage
""",
        """
def first_difference(ours, theirs, atol):
    def agree(mine, other):
        mine, other = torch.tensor(mine), torch.tensor(other)
        if mine.ndim == 4:
            mine = mine.permute(0, 3, 1, 2)
        if mine.shape != other.shape:
            return False
        return (mine - other).abs().max().item() <= atol

    return next((stage for stage, pair in enumerate(zip(ours, theirs)) if not agree(*pair)), None)
""",
        """
def first_difference(ours, theirs, atol):
    def agree(mine, other):
        mine = np.moveaxis(mine, -1, 1) if mine.ndim == 4 else mine
        return mine.shape == other.shape and (np.abs(mine - other) <= atol).all()

    stages = np.flatnonzero([not agree(*pair) for pair in zip(ours, theirs)])
    return stages[0] if len(stages) else None
""",
        """
def first_difference(ours, theirs, atol):
    for stage, (a, b) in enumerate(zip(map(torch.tensor, ours), map(torch.tensor, theirs))):
        a = a.permute(0, 3, 1, 2) if a.ndim == 4 else a
        if a.shape != b.shape or not ((a - b).abs() <= atol).all():
            return torch.tensor([stage])
""",
        """
def first_difference(ours, theirs, atol):
    def part(pair):
        mine, other = pair
        mine = np.einsum("nhwc->nchw", mine) if mine.ndim == 4 else mine
        try:
            np.testing.assert_allclose(mine, other, rtol=0, atol=atol, equal_nan=False)
        except AssertionError:
            return True
        return mine.shape != other.shape

    return next((np.uint8(n) for n, pair in enumerate(zip(ours, theirs)) if part(pair)), None)
""",
    ],
    "06.7": [
        """
def accumulated_step(model, parts, rate):
    sizes = [int(labels.shape[0]) for _, labels in parts]
    kept, loss = [tf.zeros_like(variable) for variable in model.trainable_variables], 0.0
    cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    for size, (images, labels) in zip(sizes, parts):
        with tf.GradientTape() as tape:
            mean = cross_entropy(labels, model(images))
        weight = size / sum(sizes)
        kept = [old + weight * new for old, new in zip(kept, tape.gradient(mean, model.trainable_variables))]
        loss = loss + weight * mean
    keras.optimizers.SGD(rate).apply(kept, model.trainable_variables)
    return loss
""",
        """
def accumulated_step(model, parts, rate):
    with tf.GradientTape() as tape:
        losses = [tf.nn.softmax_cross_entropy_with_logits(tf.one_hot(codes, 7), model(faces)) for faces, codes in parts]
        loss = tf.reduce_mean(tf.concat(losses, 0))
    for variable, slope in zip(model.trainable_variables, tape.gradient(loss, model.trainable_variables)):
        variable.assign(variable - rate * slope)
    return loss.numpy()
""",
        """
def accumulated_step(model, parts, rate):
    images = tf.concat([images for images, _ in parts], 0)  # the whole batch again: right, if memory allows
    labels = tf.concat([labels for _, labels in parts], 0)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, model(images)))
    slopes = tape.gradient(loss, model.trainable_variables)
    [variable.assign_sub(rate * slope) for variable, slope in zip(model.trainable_variables, slopes)]
    return float(loss)
""",
        """
def accumulated_step(model, parts, rate):
    total = sum(int(tf.size(labels)) for _, labels in parts)
    losses = []
    with tf.GradientTape(persistent=True) as tape:
        for images, labels in parts:
            of_each = keras.losses.sparse_categorical_crossentropy(labels, model(images), from_logits=True)
            losses.append(tf.reduce_sum(of_each) / total)
    weights = model.trainable_variables
    gradients = [sum(of_parts) for of_parts in zip(*(tape.gradient(loss, weights) for loss in losses))]
    keras.optimizers.SGD(rate).apply_gradients(zip(gradients, weights))
    return np.float32(sum(losses))
""",
    ],
    "06.8": [
        """
def keras_norm(weight, bias, running_mean, running_var, eps, momentum):
    layer = keras.layers.BatchNormalization(axis=-1, momentum=1 - momentum, epsilon=eps)
    layer(np.zeros((1, 1, 1, len(bias)), np.float32))
    layer.gamma.assign(weight), layer.beta.assign(bias)
    layer.moving_mean.assign(running_mean), layer.moving_variance.assign(running_var)
    return layer
""",
        """
def keras_norm(weight, bias, running_mean, running_var, eps, momentum):
    def given(array):
        return keras.initializers.Constant(np.asarray(array))

    return keras.layers.BatchNormalization(
        epsilon=eps, momentum=1.0 - momentum, gamma_initializer=given(weight), beta_initializer=given(bias),
        moving_mean_initializer=given(running_mean), moving_variance_initializer=given(running_var),
    )
""",
        """
def keras_norm(weight, bias, running_mean, running_var, eps, momentum):
    layer = keras.layers.BatchNormalization.from_config({"axis": 3, "momentum": 1 - momentum, "epsilon": eps})
    layer.build([1, 4, 4, np.size(bias)])
    arrays = {"gamma": weight, "beta": bias, "moving_mean": running_mean, "moving_variance": running_var}
    for name, array in arrays.items():
        getattr(layer, name).assign(array)
    return layer
""",
        """
def keras_norm(weight, bias, running_mean, running_var, eps, momentum):
    kind = keras.layers.BatchNormalization(-1, 1 - momentum, eps)
    model = keras.Sequential([keras.Input((5, 5, len(weight))), kind])
    model.set_weights([weight, bias, running_mean, running_var])
    return model.layers[0]
""",
    ],
}

WRONG = {
    "06.1": {
        "the odd row comes first": "padding_48, padding_47 = (2, 1), (2, 2)",
        "half the kernel on both": "padding_48, padding_47 = (2, 2), (2, 2)",
        "rounds the side of 47 down": "padding_48, padding_47 = (1, 2), (1, 1)",
        "forgets the stride": "padding_48, padding_47 = (1, 2), (1, 2)",
        "the two are swapped": "padding_48, padding_47 = (2, 2), (1, 2)",
        "totals": "padding_48, padding_47 = 3, 4",
        "texts": "padding_48, padding_47 = '(1, 2)', '(2, 2)'",
        "only one is answered": "padding_48, padding_47 = (1, 2), None",
    },
    "06.2": {
        "turns the dense layer and forgets the order": """
def to_torch(kernel, dense, height, width, channels):
    return kernel.transpose(3, 2, 0, 1), dense.T
""",
        "swaps height and width in the kernel": """
def to_torch(kernel, dense, height, width, channels):
    places = dense.reshape(height, width, channels, -1).transpose(3, 2, 0, 1)
    return kernel.transpose(3, 2, 1, 0), places.reshape(dense.shape[1], -1)
""",
        "swaps height and width behind the flatten": """
def to_torch(kernel, dense, height, width, channels):
    places = dense.reshape(height, width, channels, -1).transpose(3, 2, 1, 0)
    return kernel.transpose(3, 2, 0, 1), places.reshape(dense.shape[1], -1)
""",
        "the lesson's direction": """
def to_torch(kernel, dense, height, width, channels):
    places = dense.reshape(height, width, channels, -1).transpose(3, 2, 0, 1)
    return kernel.transpose(2, 3, 1, 0), places.reshape(dense.shape[1], -1)
""",
        "reads the rows as if they lay channels first": """
def to_torch(kernel, dense, height, width, channels):
    places = dense.T.reshape(-1, channels, height, width).transpose(0, 2, 3, 1)
    return kernel.transpose(3, 2, 0, 1), places.reshape(dense.shape[1], -1)
""",
        "reshapes the kernel instead of turning it": """
def to_torch(kernel, dense, height, width, channels):
    rows, columns, into, out = kernel.shape
    places = dense.reshape(height, width, channels, -1).transpose(3, 2, 0, 1)
    return kernel.reshape(out, into, rows, columns), places.reshape(dense.shape[1], -1)
""",
        "swaps in and out": """
def to_torch(kernel, dense, height, width, channels):
    places = dense.reshape(height, width, channels, -1).transpose(3, 2, 0, 1)
    return kernel.transpose(2, 3, 0, 1), places.reshape(dense.shape[1], -1)
""",
        "leaves the dense layer unturned": """
def to_torch(kernel, dense, height, width, channels):
    places = dense.reshape(height, width, channels, -1).transpose(2, 0, 1, 3)
    return kernel.transpose(3, 2, 0, 1), places.reshape(dense.shape)
""",
        "turns the kernel by 180 degrees as well": """
def to_torch(kernel, dense, height, width, channels):
    places = dense.reshape(height, width, channels, -1).transpose(3, 2, 0, 1)
    return kernel[::-1, ::-1].transpose(3, 2, 0, 1), places.reshape(dense.shape[1], -1)
""",
        "knows the sizes of the sheet": """
def to_torch(kernel, dense, height, width, channels):
    places = dense.reshape(5, 3, 4, 7).transpose(3, 2, 0, 1)
    return kernel.transpose(3, 2, 0, 1), places.reshape(7, 60)
""",
        "returns the kernel alone": """
def to_torch(kernel, dense, height, width, channels):
    return kernel.transpose(3, 2, 0, 1)
""",
        "prints instead of returning": """
def to_torch(kernel, dense, height, width, channels):
    print(kernel.transpose(3, 2, 0, 1), dense.T)
""",
    },
    "06.6": {
        "compares as they come": """
def first_difference(ours, theirs, atol):
    for stage, (mine, other) in enumerate(zip(ours, theirs)):
        if mine.shape != other.shape or not np.all(np.abs(mine - other) <= atol):
            return stage
""",
        "turns only where shapes differ": """
def first_difference(ours, theirs, atol):
    for stage, (mine, other) in enumerate(zip(ours, theirs)):
        if mine.shape != other.shape and mine.ndim == 4:
            mine = mine.transpose(0, 3, 1, 2)
        if mine.shape != other.shape or not np.all(np.abs(mine - other) <= atol):
            return stage
""",
        "turns the wrong one": """
def first_difference(ours, theirs, atol):
    for stage, (mine, other) in enumerate(zip(ours, theirs)):
        if mine.ndim == 4:
            other = other.transpose(0, 3, 1, 2)
        if mine.shape != other.shape or not np.all(np.abs(mine - other) <= atol):
            return stage
""",
        "swaps height and width": """
def first_difference(ours, theirs, atol):
    for stage, (mine, other) in enumerate(zip(ours, theirs)):
        mine = mine.transpose(0, 3, 2, 1) if mine.ndim == 4 else mine
        if mine.shape != other.shape or not np.all(np.abs(mine - other) <= atol):
            return stage
""",
        "allclose forgives large numbers": """
def first_difference(ours, theirs, atol):
    for stage, (mine, other) in enumerate(zip(ours, theirs)):
        mine = mine.transpose(0, 3, 1, 2) if mine.ndim == 4 else mine
        if mine.shape != other.shape or not np.allclose(mine, other, atol=atol):
            return stage
""",
        "a NaN agrees": """
def first_difference(ours, theirs, atol):
    for stage, (mine, other) in enumerate(zip(ours, theirs)):
        mine = mine.transpose(0, 3, 1, 2) if mine.ndim == 4 else mine
        if mine.shape != other.shape or np.abs(mine - other).max() > atol:
            return stage
""",
        "stretches shapes": """
def first_difference(ours, theirs, atol):
    for stage, (mine, other) in enumerate(zip(ours, theirs)):
        mine = mine.transpose(0, 3, 1, 2) if mine.ndim == 4 else mine
        if not np.all(np.abs(mine - other) <= atol):
            return stage
""",
        "compares means": """
def first_difference(ours, theirs, atol):
    for stage, (mine, other) in enumerate(zip(ours, theirs)):
        mine = mine.transpose(0, 3, 1, 2) if mine.ndim == 4 else mine
        if mine.shape != other.shape or not np.abs(mine - other).mean() <= atol:
            return stage
""",
        "forgets the sign": """
def first_difference(ours, theirs, atol):
    for stage, (mine, other) in enumerate(zip(ours, theirs)):
        mine = mine.transpose(0, 3, 1, 2) if mine.ndim == 4 else mine
        if mine.shape != other.shape or not np.all(mine - other <= atol):
            return stage
""",
        "ignores atol": """
def first_difference(ours, theirs, atol):
    for stage, (mine, other) in enumerate(zip(ours, theirs)):
        mine = mine.transpose(0, 3, 1, 2) if mine.ndim == 4 else mine
        if not np.array_equal(mine, other):
            return stage
""",
        "the stage that differs most": """
def first_difference(ours, theirs, atol):
    apart = []
    for mine, other in zip(ours, theirs):
        mine = mine.transpose(0, 3, 1, 2) if mine.ndim == 4 else mine
        apart.append(np.abs(mine - other).max() if mine.shape == other.shape else np.inf)
    return int(np.argmax(apart)) if max(apart) > atol else None
""",
        "the last stage that differs": """
def first_difference(ours, theirs, atol):
    found = None
    for stage, (mine, other) in enumerate(zip(ours, theirs)):
        mine = mine.transpose(0, 3, 1, 2) if mine.ndim == 4 else mine
        if mine.shape != other.shape or not np.all(np.abs(mine - other) <= atol):
            found = stage
    return found
""",
        "counts from one": """
def first_difference(ours, theirs, atol):
    for stage, (mine, other) in enumerate(zip(ours, theirs), start=1):
        mine = mine.transpose(0, 3, 1, 2) if mine.ndim == 4 else mine
        if mine.shape != other.shape or not np.all(np.abs(mine - other) <= atol):
            return stage
""",
        "-1 for none": """
def first_difference(ours, theirs, atol):
    for stage, (mine, other) in enumerate(zip(ours, theirs)):
        mine = mine.transpose(0, 3, 1, 2) if mine.ndim == 4 else mine
        if mine.shape != other.shape or not np.all(np.abs(mine - other) <= atol):
            return stage
    return -1
""",
        "returns after the first stage": """
def first_difference(ours, theirs, atol):
    for stage, (mine, other) in enumerate(zip(ours, theirs)):
        mine = mine.transpose(0, 3, 1, 2) if mine.ndim == 4 else mine
        if mine.shape != other.shape or not np.all(np.abs(mine - other) <= atol):
            return stage
        return None
""",
    },
    "06.7": {
        "every part counts the same": """
def accumulated_step(model, parts, rate):
    faces = sum(len(labels) for _, labels in parts)
    total, loss_sum = None, 0.0
    for images, labels in parts:
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, model(images, training=True))
            loss = tf.reduce_mean(losses) / len(parts)
        slopes = tape.gradient(loss, model.trainable_variables)
        total = slopes if total is None else [old + new for old, new in zip(total, slopes)]
        loss_sum += float(loss)
    for variable, slope in zip(model.trainable_variables, total):
        variable.assign_sub(rate * slope)
    return loss_sum
""",
        "adds means": """
def accumulated_step(model, parts, rate):
    faces = sum(len(labels) for _, labels in parts)
    total, loss_sum = None, 0.0
    for images, labels in parts:
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, model(images, training=True))
            loss = tf.reduce_mean(losses)
        slopes = tape.gradient(loss, model.trainable_variables)
        total = slopes if total is None else [old + new for old, new in zip(total, slopes)]
        loss_sum += float(loss) * len(labels)
    for variable, slope in zip(model.trainable_variables, total):
        variable.assign_sub(rate * slope)
    return loss_sum / faces
""",
        "the gradient of the sum": """
def accumulated_step(model, parts, rate):
    faces = sum(len(labels) for _, labels in parts)
    total, loss_sum = None, 0.0
    for images, labels in parts:
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, model(images, training=True))
            loss = tf.reduce_sum(losses)
        slopes = tape.gradient(loss, model.trainable_variables)
        total = slopes if total is None else [old + new for old, new in zip(total, slopes)]
        loss_sum += float(loss)
    for variable, slope in zip(model.trainable_variables, total):
        variable.assign_sub(rate * slope)
    return loss_sum / faces
""",
        "a mean of means as loss": """
def accumulated_step(model, parts, rate):
    faces = sum(len(labels) for _, labels in parts)
    total, loss_sum = None, 0.0
    for images, labels in parts:
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, model(images, training=True))
            loss = tf.reduce_sum(losses) / faces
        slopes = tape.gradient(loss, model.trainable_variables)
        total = slopes if total is None else [old + new for old, new in zip(total, slopes)]
        loss_sum += float(tf.reduce_mean(losses))
    for variable, slope in zip(model.trainable_variables, total):
        variable.assign_sub(rate * slope)
    return loss_sum / len(parts)
""",
        "returns the sum of means": """
def accumulated_step(model, parts, rate):
    faces = sum(len(labels) for _, labels in parts)
    total, loss_sum = None, 0.0
    for images, labels in parts:
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, model(images, training=True))
            loss = tf.reduce_sum(losses) / faces
        slopes = tape.gradient(loss, model.trainable_variables)
        total = slopes if total is None else [old + new for old, new in zip(total, slopes)]
        loss_sum += float(tf.reduce_mean(losses))
    for variable, slope in zip(model.trainable_variables, total):
        variable.assign_sub(rate * slope)
    return loss_sum
""",
        "climbs": """
def accumulated_step(model, parts, rate):
    faces = sum(len(labels) for _, labels in parts)
    total, loss_sum = None, 0.0
    for images, labels in parts:
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, model(images, training=True))
            loss = tf.reduce_sum(losses) / faces
        slopes = tape.gradient(loss, model.trainable_variables)
        total = slopes if total is None else [old + new for old, new in zip(total, slopes)]
        loss_sum += float(loss)
    for variable, slope in zip(model.trainable_variables, total):
        variable.assign_sub(-rate * slope)
    return loss_sum
""",
        "forgets the rate": """
def accumulated_step(model, parts, rate):
    faces = sum(len(labels) for _, labels in parts)
    total, loss_sum = None, 0.0
    for images, labels in parts:
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, model(images, training=True))
            loss = tf.reduce_sum(losses) / faces
        slopes = tape.gradient(loss, model.trainable_variables)
        total = slopes if total is None else [old + new for old, new in zip(total, slopes)]
        loss_sum += float(loss)
    for variable, slope in zip(model.trainable_variables, total):
        variable.assign_sub(slope)
    return loss_sum
""",
        "returns nothing": """
def accumulated_step(model, parts, rate):
    faces = sum(len(labels) for _, labels in parts)
    total, loss_sum = None, 0.0
    for images, labels in parts:
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, model(images, training=True))
            loss = tf.reduce_sum(losses) / faces
        slopes = tape.gradient(loss, model.trainable_variables)
        total = slopes if total is None else [old + new for old, new in zip(total, slopes)]
        loss_sum += float(loss)
    for variable, slope in zip(model.trainable_variables, total):
        variable.assign_sub(rate * slope)
    return None
""",
        "rounds the loss": """
def accumulated_step(model, parts, rate):
    faces = sum(len(labels) for _, labels in parts)
    total, loss_sum = None, 0.0
    for images, labels in parts:
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, model(images, training=True))
            loss = tf.reduce_sum(losses) / faces
        slopes = tape.gradient(loss, model.trainable_variables)
        total = slopes if total is None else [old + new for old, new in zip(total, slopes)]
        loss_sum += float(loss)
    for variable, slope in zip(model.trainable_variables, total):
        variable.assign_sub(rate * slope)
    return round(loss_sum, 2)
""",
        "a step for each part": """
def accumulated_step(model, parts, rate):
    loss_sum = 0.0
    for images, labels in parts:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, model(images)))
        for variable, slope in zip(model.trainable_variables, tape.gradient(loss, model.trainable_variables)):
            variable.assign_sub(rate * slope)
        loss_sum += float(loss) * len(labels)
    return loss_sum / sum(len(labels) for _, labels in parts)
""",
        "only the last part": """
def accumulated_step(model, parts, rate):
    for images, labels in parts:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, model(images)))
        slopes = tape.gradient(loss, model.trainable_variables)
    for variable, slope in zip(model.trainable_variables, slopes):
        variable.assign_sub(rate * slope)
    return float(loss)
""",
        "never moves": """
def accumulated_step(model, parts, rate):
    sizes = [len(labels) for _, labels in parts]
    losses = [
        tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, model(images))) for images, labels in parts
    ]
    return float(sum(losses)) / sum(sizes)
""",
        "forgets from_logits": """
def accumulated_step(model, parts, rate):
    faces, cross_entropy = sum(len(labels) for _, labels in parts), keras.losses.SparseCategoricalCrossentropy()
    with tf.GradientTape() as tape:
        loss = sum(len(labels) / faces * cross_entropy(labels, model(images)) for images, labels in parts)
    for variable, slope in zip(model.trainable_variables, tape.gradient(loss, model.trainable_variables)):
        variable.assign_sub(rate * slope)
    return float(loss)
""",
    },
    "06.8": {
        "Keras' epsilon": """
def keras_norm(weight, bias, running_mean, running_var, eps, momentum):
    layer = keras.layers.BatchNormalization(momentum=1 - momentum)
    layer.build((None, None, None, len(weight)))
    layer.set_weights([weight, bias, running_mean, running_var])
    return layer
""",
        "PyTorch's momentum as it is": """
def keras_norm(weight, bias, running_mean, running_var, eps, momentum):
    layer = keras.layers.BatchNormalization(momentum=momentum, epsilon=eps)
    layer.build((None, None, None, len(weight)))
    layer.set_weights([weight, bias, running_mean, running_var])
    return layer
""",
        "Keras' momentum": """
def keras_norm(weight, bias, running_mean, running_var, eps, momentum):
    layer = keras.layers.BatchNormalization(epsilon=eps)
    layer.build((None, None, None, len(weight)))
    layer.set_weights([weight, bias, running_mean, running_var])
    return layer
""",
        "gamma and beta exchanged": """
def keras_norm(weight, bias, running_mean, running_var, eps, momentum):
    layer = keras.layers.BatchNormalization(momentum=1 - momentum, epsilon=eps)
    layer.build((None, None, None, len(weight)))
    layer.set_weights([bias, weight, running_mean, running_var])
    return layer
""",
        "two arrays of four": """
def keras_norm(weight, bias, running_mean, running_var, eps, momentum):
    layer = keras.layers.BatchNormalization(momentum=1 - momentum, epsilon=eps)
    layer.build((None, None, None, len(weight)))
    layer.set_weights([weight, bias, *layer.get_weights()[2:]])
    return layer
""",
        "two arrays of four, and Keras' numbers": """
def keras_norm(weight, bias, running_mean, running_var, eps, momentum):
    layer = keras.layers.BatchNormalization()
    layer.build((None, None, None, len(weight)))
    layer.set_weights([weight, bias, *layer.get_weights()[2:]])
    return layer
""",
        "mean and variance exchanged": """
def keras_norm(weight, bias, running_mean, running_var, eps, momentum):
    layer = keras.layers.BatchNormalization(momentum=1 - momentum, epsilon=eps)
    layer.build((None, None, None, len(weight)))
    layer.set_weights([weight, bias, running_var, running_mean])
    return layer
""",
        "a root where the variance belongs": """
def keras_norm(weight, bias, running_mean, running_var, eps, momentum):
    layer = keras.layers.BatchNormalization(momentum=1 - momentum, epsilon=eps)
    layer.build((None, None, None, len(weight)))
    layer.set_weights([weight, bias, running_mean, running_var**0.5])
    return layer
""",
        "a new layer": """
def keras_norm(weight, bias, running_mean, running_var, eps, momentum):
    return keras.layers.BatchNormalization(epsilon=eps, momentum=1 - momentum)
""",
        "another layer": """
def keras_norm(weight, bias, running_mean, running_var, eps, momentum):
    scale = weight / np.sqrt(running_var + eps)
    return keras.layers.Rescaling(scale, bias - scale * running_mean)
""",
        "builds and forgets to return": """
def keras_norm(weight, bias, running_mean, running_var, eps, momentum):
    layer = keras.layers.BatchNormalization(epsilon=eps, momentum=1 - momentum)
    layer.build((None, None, None, len(weight)))
    layer.set_weights([weight, bias, running_mean, running_var])
""",
    },
}
